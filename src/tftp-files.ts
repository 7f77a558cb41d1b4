import type { Logger } from 'pino'
import { type GeneratedFiles, isAlternative } from './boot/generated-files.ts'
import type { Loaders } from './boot/loaders.ts'
import type { BootService } from './boot/service.ts'
import { isDispensable, type SignedLoaders } from './boot/signed-loaders.ts'
import { imageFileNamed } from './boot/tftp-paths.ts'
import { NoSuchFile } from './net/confined.ts'
import type { Contents } from './net/content/contents.ts'
import { ContentError } from './net/content/verified-files.ts'
import { type Loader, SHIM } from './net/firmware.ts'
import type { SteadyFile } from './net/steady-file.ts'
import type { BootFiles } from './tftp/files.ts'

export type ServedFiles = {
  readonly generated: GeneratedFiles
  readonly boot: BootService
  readonly loaders: Loaders
  readonly signed: SignedLoaders
  readonly contents: Contents
}

/** Everything that TFTP serves: what is generated, images' files, the loaders. @param isServing whether anybody is served now. */
export function bootFiles(served: ServedFiles, log: Logger, isServing = () => true): BootFiles {
  return {
    async open(asked, client, server) {
      if (!isServing()) throw new NoSuchFile('this instance serves nobody now')
      const name = plainName(asked)
      const generated = await served.generated.generate(name, client, server)
      if (generated !== undefined) return { bytes: Buffer.from(generated.text) }
      if (isNeedless(name)) throw new NoSuchFile('not found: whoever asks goes on without it')
      return imageFile(served, name) ?? loader(served, name, asked, log)
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

/** The file of an image, by the name that it has on HTTP; undefined for other names. */
function imageFile({ boot, contents }: ServedFiles, name: string): Promise<SteadyFile> | undefined {
  const named = imageFileNamed(name)
  if (named === undefined) return undefined
  const { image, sha256, file } = named
  const what = `${file} of image ${image}`
  if (!boot.isImageFile(image, sha256, file)) throw new NoSuchFile(`not found: no ${what} has this content`)
  const { files } = boot.facts
  return contents.check({ path: files.path(sha256), sha256, what }).catch((error: Error) => {
    // Whoever boots next is told to wait, and an import of the same file takes it in anew.
    if (error instanceof NoSuchFile || (error instanceof ContentError && error.code === 'file-changed')) {
      files.spoilt(sha256)
    }
    throw error
  })
}

async function loader(served: ServedFiles, name: string, asked: string, log: Logger): Promise<SteadyFile> {
  const { signed, loaders, contents } = served
  try {
    const path = await (signed.resolve(name) ?? loaders.resolve(asked))
    return await contents.check({ path, what: `loader ${name}` })
  } catch (error) {
    if (error instanceof NoSuchFile) warnOfMissing(served, name, error, log)
    throw error
  }
}

/** A loader that a firmware was told to fetch and that isn't there is a person's to put right. */
function warnOfMissing({ loaders, signed }: ServedFiles, name: string, error: Error, log: Logger): void {
  const tell = ({ package: from }: Loader, folder: string) =>
    log.warn(`${name} was asked for: ${error.message} in ${folder}; package: ${from}`)
  const known = loaders.named(name)
  if (known) tell(known, loaders.folder)
  else if (signed.serves(name)) tell(SHIM, signed.folder)
}
