import { FIRMWARE, type Loader, SNPONLY } from '../net/firmware.ts'
import { LoaderFolders } from './loader-folders.ts'

/** Debian's ipxe package keeps these two in /boot and links to them from /usr/lib/ipxe. */
const DEBIAN_LINK_TARGETS = ['/boot/ipxe.efi', '/boot/ipxe.lkrn']

/** The folder of the loaders that firmware is sent. */
export class Loaders {
  readonly folder: string
  readonly #folders: LoaderFolders

  /** @param received the folder of those that came from the other instance of a pair. */
  constructor(folder: string, received?: string) {
    this.folder = folder
    this.#folders = new LoaderFolders(folder, received, DEBIAN_LINK_TARGETS)
  }

  /** The path of a loader, absolute and without symbolic links. @throws {NoSuchFile} when the name leads to none. */
  resolve(name: string): Promise<string> {
    return this.#folders.resolve(name)
  }

  /** The same without what came from the other instance. @throws {NoSuchFile} */
  own(name: string): Promise<string> {
    return this.#folders.own(name)
  }

  /** What a firmware that asks for this name was told to load, in whatever case it asks. */
  named(name: string): Loader | undefined {
    const file = name.toLowerCase()
    return [...FIRMWARE.map(({ loader }) => loader), SNPONLY].find((loader) => loader?.file === file)
  }

  /** Whether a file of this name can be read there now. */
  has(name: string): boolean {
    return this.#folders.has(name)
  }

  /** The loaders for x86 machines that aren't there; those for arm64 are no loss where there are no such machines. */
  missing(): Loader[] {
    const wanted = new Map<string, Loader>()
    for (const { loader } of FIRMWARE) if (loader && !loader.optional) wanted.set(loader.file, loader)
    return [...wanted.values()].filter(({ file }) => !this.has(file))
  }
}
