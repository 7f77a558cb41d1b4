import { open } from 'node:fs/promises'
import type { Logger } from 'pino'
import { type GeneratedFiles, isAlternative } from './boot/generated-files.ts'
import type { Loaders } from './boot/loaders.ts'
import { isDispensable, type SignedLoaders } from './boot/signed-loaders.ts'
import { imageFilePath } from './boot/tftp-paths.ts'
import type { FileStore } from './inventory/files.ts'
import type { Inventory } from './inventory/inventory.ts'
import { NoSuchFile, type OpenFile } from './net/confined.ts'
import { FIRMWARE, type Loader, SHIM } from './net/firmware.ts'
import type { Ipv4 } from './net/ipv4.ts'
import type { BootFile, BootFiles } from './tftp/files.ts'

export type ServedFiles = {
  readonly generated: GeneratedFiles
  readonly inventory: Inventory
  readonly files: FileStore
  readonly loaders: Loaders
  readonly signed: SignedLoaders
}

/** Everything that TFTP serves at an address of this instance: what is generated, images' files, the loaders. */
export function bootFiles(served: ServedFiles, log: Logger): BootFiles {
  return {
    async open(asked, client, server) {
      const name = plainName(asked)
      const generated = await served.generated.generate(name, client, server)
      if (generated !== undefined) return { bytes: Buffer.from(generated.text) }
      if (isNeedless(name)) throw new NoSuchFile('not found: whoever asks goes on without it')
      return handleFile(
        await openStored(served, name, asked).catch((error: Error) => {
          warnOfMissing(served, name, error, log)
          throw error
        })
      )
    }
  }
}

/** Whether clients ask for a name by habit, and nothing is wrong when it isn't there. */
export function isNeedless(name: string): boolean {
  return isDispensable(name) || isAlternative(name)
}

/** Firmware writes leading slashes, doubled ones and backslashes. */
export function plainName(name: string): string {
  return name
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '')
    .join('/')
}

async function openStored(
  { inventory, files, loaders, signed }: ServedFiles,
  name: string,
  asked: string
): Promise<OpenFile> {
  const path = imageFilePath(name, inventory, files)
  if (path === undefined) return signed.open(name) ?? loaders.open(asked)
  const handle = await open(path)
  return { handle, size: (await handle.stat()).size }
}

/** A loader that a firmware was told to fetch and that isn't there is a person's to put right. */
function warnOfMissing({ loaders, signed }: ServedFiles, name: string, error: Error, log: Logger): void {
  const tell = ({ package: from }: Loader, folder: string) =>
    log.warn(`${name} was asked for: ${error.message} in ${folder}; package: ${from}`)
  const loader = FIRMWARE.find((firmware) => firmware.loader?.file === name)?.loader
  if (loader) tell(loader, loaders.folder)
  else if (signed.serves(name)) tell(SHIM, signed.folder)
}
