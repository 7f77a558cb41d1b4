import type { Logger } from 'pino'
import type { Loaders } from './boot/loaders.ts'
import { FIRMWARE } from './net/firmware.ts'
import { stampOf } from './net/steady-file.ts'
import type { BootFiles } from './tftp/files.ts'

/** The loaders as TFTP serves them. A loader that a firmware was told to fetch and that isn't there is a person's to put right. */
export function bootFiles(loaders: Loaders, log: Logger): BootFiles {
  return {
    async open(name) {
      const { handle, size, path } = await loaders.open(name).catch((error: Error) => {
        const loader = FIRMWARE.find((firmware) => firmware.loader?.file === name)?.loader
        if (loader) log.warn(`${name} was asked for: ${error.message} in ${loaders.folder}; package: ${loader.package}`)
        throw error
      })
      const stat = await handle.stat({ bigint: true })
      await handle.close()
      return { path, size, sha256: '', stamp: stampOf(stat) }
    }
  }
}
