import type { Logger } from 'pino'
import type { Loaders } from './boot/loaders.ts'
import type { BootFiles } from './tftp/files.ts'

/** The loaders as TFTP serves them. A loader that a firmware was told to fetch and that isn't there is a person's to put right. */
export function bootFiles(loaders: Loaders, log: Logger): BootFiles {
  return {
    async open(name) {
      const { handle, size } = await loaders.open(name).catch((error: Error) => {
        const loader = loaders.named(name)
        if (loader) log.warn(`${name} was asked for: ${error.message} in ${loaders.folder}; package: ${loader.package}`)
        throw error
      })
      return {
        size,
        async read(offset, length) {
          const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset)
          return buffer.subarray(0, bytesRead)
        },
        close: () => handle.close()
      }
    }
  }
}
