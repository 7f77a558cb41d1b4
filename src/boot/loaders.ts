import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { type OpenFile, openConfined, resolveConfined, resolveInFirst } from '../net/confined.ts'
import { FIRMWARE, type Loader, SNPONLY } from '../net/firmware.ts'

/** Debian's ipxe package keeps these two in /boot and links to them from /usr/lib/ipxe. */
const DEBIAN_LINK_TARGETS = ['/boot/ipxe.efi', '/boot/ipxe.lkrn']

/** The folder of the loaders that firmware is sent. */
export class Loaders {
  readonly folder: string

  readonly #folders: readonly [string, ...string[]]

  /** @param received the folder of those that came from the other instance of a pair: they count where the first one lacks them. */
  constructor(folder: string, received?: string) {
    this.folder = folder
    this.#folders = received === undefined ? [folder] : [folder, received]
  }

  /** @throws {NoSuchFile} when the name leads to no file in the folder. */
  open(name: string): Promise<OpenFile> {
    return openConfined(this.folder, name, DEBIAN_LINK_TARGETS)
  }

  /** The path of a loader, absolute and without symbolic links. @throws {NoSuchFile} when the name leads to nothing in the folder. */
  resolve(name: string): Promise<string> {
    return resolveInFirst(this.#folders, name, DEBIAN_LINK_TARGETS)
  }

  /** The same without what came from the other instance. */
  own(name: string): Promise<string> {
    return resolveConfined(this.folder, name, DEBIAN_LINK_TARGETS)
  }

  /** What a firmware that asks for this name was told to load, in whatever case it asks. */
  named(name: string): Loader | undefined {
    const file = name.toLowerCase()
    return [...FIRMWARE.map(({ loader }) => loader), SNPONLY].find((loader) => loader?.file === file)
  }

  /** Whether a file of this name can be read there now. */
  has(name: string): boolean {
    return this.#folders.some((folder) => isReadable(join(folder, name)))
  }

  /** The loaders for x86 machines that aren't there; those for arm64 are no loss where there are no such machines. */
  missing(): Loader[] {
    const wanted = new Map<string, Loader>()
    for (const { loader } of FIRMWARE) if (loader && !loader.optional) wanted.set(loader.file, loader)
    return [...wanted.values()].filter(({ file }) => !this.has(file))
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
