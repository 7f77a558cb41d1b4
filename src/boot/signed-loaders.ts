import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { resolveConfined, resolveInFirst } from '../net/confined.ts'
import { SHIM } from '../net/firmware.ts'

/** Debian's names of what Secure Boot accepts: shim, which Microsoft signed, and GRUB, which Debian did. */
export const SIGNED_FILES = { shim: 'bootnetx64.efi', grub: 'grubx64.efi' } as const

/**
 * By the names that they are served under. Shim looks for GRUB in the folder that the DHCP answer's field `file` names, and
 * where that is empty (the file was in option 67) in none.
 */
const SERVED: Readonly<Record<string, string>> = {
  [SHIM.file]: SIGNED_FILES.shim,
  'grub/grubx64.efi': SIGNED_FILES.grub,
  'grubx64.efi': SIGNED_FILES.grub
}

/** What shim and this GRUB ask for beside those; without them they go on. */
const DISPENSABLE = /(^|\/)(revocations_(sku|sbat)\.efi|shim_certificate_\d+\.efi|x86_64-efi\/[a-z0-9_-]+\.(lst|mod))$/

/** The folder of Debian's signed loaders. */
export class SignedLoaders {
  readonly folder: string

  readonly #folders: readonly [string, ...string[]]

  /** @param received the folder of those that came from the other instance of a pair: they count where the first one lacks them. */
  constructor(folder: string, received?: string) {
    this.folder = folder
    this.#folders = received === undefined ? [folder] : [folder, received]
  }

  /**
   * The path of a loader by the name it is served under, without a leading slash; undefined for other names.
   * @throws {NoSuchFile} when it isn't there.
   */
  resolve(name: string): Promise<string> | undefined {
    return this.serves(name) ? resolveInFirst(this.#folders, SERVED[name] as string) : undefined
  }

  /** Where Debian has one of these files, without what came from the other instance. @throws {NoSuchFile} */
  own(file: string): Promise<string> {
    return resolveConfined(this.folder, file)
  }

  /** Whether a name is one that a signed loader is served under. */
  serves(name: string): boolean {
    return Object.hasOwn(SERVED, name)
  }

  /** The path of one that can't be read there now. */
  missing(): string | undefined {
    return Object.values(SIGNED_FILES)
      .filter((file) => !this.#folders.some((folder) => isReadable(join(folder, file))))
      .map((file) => join(this.folder, file))[0]
  }
}

/** Whether loaders ask for this and nothing is wrong when it isn't there. */
export function isDispensable(name: string): boolean {
  return DISPENSABLE.test(name)
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
