import { join } from 'node:path'
import { SHIM } from '../net/firmware.ts'
import { LoaderFolders } from './loader-folders.ts'

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
  readonly #folders: LoaderFolders

  /** @param received the folder of those that came from the other instance of a pair. */
  constructor(folder: string, received?: string) {
    this.folder = folder
    this.#folders = new LoaderFolders(folder, received)
  }

  /**
   * The path of a loader by the name it is served under, without a leading slash; undefined for other names.
   * @throws {NoSuchFile} when it isn't there.
   */
  resolve(name: string): Promise<string> | undefined {
    return this.serves(name) ? this.#folders.resolve(SERVED[name] as string) : undefined
  }

  /** Where Debian has one of these files, without what came from the other instance. @throws {NoSuchFile} */
  own(file: string): Promise<string> {
    return this.#folders.own(file)
  }

  /** Whether a name is one that a signed loader is served under. */
  serves(name: string): boolean {
    return Object.hasOwn(SERVED, name)
  }

  /** The path of one that can't be read there now. */
  missing(): string | undefined {
    const missing = Object.values(SIGNED_FILES).find((file) => !this.#folders.has(file))
    return missing && join(this.folder, missing)
  }
}

/** Whether loaders ask for this and nothing is wrong when it isn't there. */
export function isDispensable(name: string): boolean {
  return DISPENSABLE.test(name)
}
