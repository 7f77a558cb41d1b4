import { accessSync, constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenFile, openConfined, resolveConfined } from '../net/confined.ts'
import { FIRMWARE, type Loader, SNPONLY } from '../net/firmware.ts'

/** Debian's ipxe package keeps these two in /boot and links to them from /usr/lib/ipxe. */
const DEBIAN_LINK_TARGETS = ['/boot/ipxe.efi', '/boot/ipxe.lkrn']

/** The folder of the loaders that firmware is sent. */
export class Loaders {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** @throws {NoSuchFile} when the name leads to no file in the folder. */
  open(name: string): Promise<OpenFile> {
    return openConfined(this.folder, name, DEBIAN_LINK_TARGETS)
  }

  /** The path of a loader, absolute and without symbolic links. @throws {NoSuchFile} when the name leads to nothing in the folder. */
  resolve(name: string): Promise<string> {
    return resolveConfined(this.folder, name, DEBIAN_LINK_TARGETS)
  }

  /** What a firmware that asks for this name was told to load, in whatever case it asks. */
  named(name: string): Loader | undefined {
    const file = name.toLowerCase()
    return [...FIRMWARE.map(({ loader }) => loader), SNPONLY].find((loader) => loader?.file === file)
  }

  /** Whether a file of this name can be read there now. */
  has(name: string): boolean {
    try {
      accessSync(join(this.folder, name), constants.R_OK)
      return true
    } catch {
      return false
    }
  }

  /** The loaders for x86 machines that aren't there; those for arm64 are no loss where there are no such machines. */
  async missing(): Promise<Loader[]> {
    const wanted = new Map<string, Loader>()
    for (const { loader } of FIRMWARE) if (loader && !loader.optional) wanted.set(loader.file, loader)
    const found = await Promise.all(
      [...wanted.values()].map((loader) =>
        access(join(this.folder, loader.file), constants.R_OK).then(
          () => undefined,
          () => loader
        )
      )
    )
    return found.filter((loader) => loader !== undefined)
  }
}
