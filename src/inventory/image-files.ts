import { closeSync, openSync, readSync } from 'node:fs'
import { type FieldError, InventoryError } from './errors.ts'
import type { FileStore } from './files.ts'
import type { Image } from './model.ts'

/**
 * Checks that an image's kernel and initrd are in the store, of the size named, and what they are
 * said to be: a mistaken file would fail on the machine's console, where nobody looks.
 * @throws {InventoryError} `invalid`, naming each.
 */
export function checkImageFiles(store: FileStore, image: Image): void {
  const errors: FieldError[] = []
  for (const role of ['kernel', 'initrd'] as const) {
    const file = image[role]
    if (file === null) continue
    const size = store.size(file.sha256)
    if (size === undefined) {
      errors.push({ field: role, message: `${file.sha256} was not uploaded: PUT /api/v1/files/${file.sha256} first` })
    } else if (size !== file.size) {
      errors.push({ field: `${role}.size`, message: `the file has ${size} bytes, not ${file.size}` })
    } else {
      const head = readHead(store.path(file.sha256))
      const wrong = role === 'kernel' ? wrongKernel(head, image.architecture) : wrongInitrd(head)
      if (wrong !== undefined) errors.push({ field: role, message: `${file.name} ${wrong}` })
    }
  }
  if (errors.length > 0) throw InventoryError.invalid(errors)
}

/** Linux's boot protocol: x86 has `HdrS` at 0x202, an arm64 Image `ARM\x64` at 56 (Documentation/arch of the kernel). */
function wrongKernel(head: Buffer, architecture: Image['architecture']): string | undefined {
  const is =
    head.toString('latin1', 0x202, 0x206) === 'HdrS'
      ? 'amd64'
      : head.toString('latin1', 56, 60) === 'ARMd'
        ? 'arm64'
        : undefined
  if (is === architecture) return undefined
  return is === undefined ? 'is no Linux kernel' : `is a kernel for ${is}, and the image is for ${architecture}`
}

const INITRD_MAGIC: readonly string[] = [
  '1f8b',
  '28b52ffd',
  'fd377a585a00',
  '425a68',
  '5d0000',
  '04224d18',
  '02214c18',
  '303730373031'
]

/** gzip, zstd, xz, bzip2, lzma, lz4 (frame and legacy), or a cpio archive as it is. */
function wrongInitrd(head: Buffer): string | undefined {
  const start = head.toString('hex', 0, 6)
  return INITRD_MAGIC.some((magic) => start.startsWith(magic))
    ? undefined
    : 'is no initramfs: neither cpio nor compressed'
}

/** At once, so that nothing else changes the inventory between the check and the commit; it is one page. */
function readHead(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(1024)
    return head.subarray(0, readSync(file, head, 0, head.length, 0))
  } finally {
    closeSync(file)
  }
}
