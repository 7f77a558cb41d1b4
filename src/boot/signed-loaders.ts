import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { resolveConfined } from '../net/confined.ts'
import { SHIM } from '../net/firmware.ts'

/** Debian's names of what Secure Boot accepts: shim, which Microsoft signed, and GRUB, which Debian did. */
const FILES = { shim: 'bootnetx64.efi', grub: 'grubx64.efi' } as const

/**
 * By the names that they are served under. Shim looks for GRUB in the folder that the DHCP answer's field `file` names, and
 * where that is empty (the file was in option 67) in none.
 */
const SERVED: Readonly<Record<string, string>> = {
  [SHIM.file]: FILES.shim,
  'grub/grubx64.efi': FILES.grub,
  'grubx64.efi': FILES.grub
}

/** What shim and this GRUB ask for beside those; without them they go on. */
const DISPENSABLE = /(^|\/)(revocations_(sku|sbat)\.efi|shim_certificate_\d+\.efi|x86_64-efi\/[a-z0-9_-]+\.(lst|mod))$/

/** The folder of Debian's signed loaders. */
export class SignedLoaders {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /**
   * The path of a loader by the name it is served under, without a leading slash; undefined for other names.
   * @throws {NoSuchFile} when it isn't there.
   */
  resolve(name: string): Promise<string> | undefined {
    return this.serves(name) ? resolveConfined(this.folder, SERVED[name] as string) : undefined
  }

  /** Whether a name is one that a signed loader is served under. */
  serves(name: string): boolean {
    return Object.hasOwn(SERVED, name)
  }

  /** The path of one that can't be read there now. */
  missing(): string | undefined {
    return Object.values(FILES)
      .map((file) => join(this.folder, file))
      .find((path) => !isReadable(path))
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
