import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { InventoryError } from '../../src/inventory/errors.ts'
import { FileStore } from '../../src/inventory/files.ts'
import { checkImageFiles } from '../../src/inventory/image-files.ts'
import type { Image } from '../../src/inventory/model.ts'
import { image } from '../support/inventory.ts'
import { tempFolder } from '../support/temp-folder.ts'

const X86 = withText(0x202, 'HdrS')
const ARM64 = withText(56, 'ARMd')
const GZIP = Buffer.from('1f8b0800', 'hex')
const MISSING = Buffer.from('missing')

function withText(offset: number, text: string): Buffer {
  const bytes = Buffer.alloc(2048)
  bytes.write(text, offset, 'latin1')
  return bytes
}

async function check(t: ExecutionContext, kernel: Buffer, initrd: Buffer, more: Partial<Image> = {}) {
  const store = await FileStore.open(tempFolder(t), () => false)
  const take = async (name: string, bytes: Buffer) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    if (bytes !== MISSING) await store.put(sha256, Readable.from([bytes]))
    return { name, sha256, size: bytes.length }
  }
  const files = { kernel: await take('linux', kernel), initrd: await take('initrd.gz', initrd) }
  return checkImageFiles(store, { ...image('debian-12'), ...files, ...more })
}

for (const [what, hex] of Object.entries({
  gzip: '1f8b0800',
  zstd: '28b52ffd',
  xz: 'fd377a585a00',
  bzip2: '425a6839',
  lzma: '5d000080',
  lz4: '04224d18',
  'legacy lz4': '02214c18',
  'cpio as it is': '303730373031'
})) {
  test(`a kernel and a ${what} initramfs are an image`, async (t) => {
    await t.notThrowsAsync(check(t, X86, Buffer.from(hex, 'hex')))
  })
}

test('an arm64 image takes an arm64 kernel', async (t) => {
  await t.notThrowsAsync(check(t, ARM64, GZIP, { architecture: 'arm64' }))
})

test('an image without files is none to check', async (t) => {
  await t.notThrowsAsync(check(t, X86, GZIP, { kernel: null, initrd: null }))
})

const wrong: [rule: string, kernel: Buffer, initrd: Buffer, more: Partial<Image>, message: RegExp][] = [
  ['a kernel for arm64', ARM64, GZIP, {}, /^kernel: linux is a kernel for arm64, and the image is for amd64$/],
  ['a kernel for amd64', X86, GZIP, { architecture: 'arm64' }, /is a kernel for amd64, and the image is for arm64/],
  ['what is no kernel', GZIP, GZIP, {}, /^kernel: linux is no Linux kernel$/],
  ['an empty kernel', Buffer.alloc(0), GZIP, {}, /linux is no Linux kernel/],
  ['what is no initramfs', X86, X86, {}, /^initrd: initrd.gz is no initramfs: neither cpio nor compressed$/],
  ['what was not uploaded, each', MISSING, MISSING, {}, /kernel: .* was not uploaded.*; initrd: .* was not uploaded/]
]

for (const [rule, kernel, initrd, more, message] of wrong) {
  test(`is refused: ${rule}`, async (t) => {
    const error = await t.throwsAsync(check(t, kernel, initrd, more), { instanceOf: InventoryError, message })
    t.is(error.code, 'invalid')
  })
}

test('a size that is not the file is refused', async (t) => {
  const store = await FileStore.open(tempFolder(t), () => false)
  const sha256 = createHash('sha256').update(X86).digest('hex')
  await store.put(sha256, Readable.from([X86]))
  const kernel = { name: 'linux', sha256, size: 2047 }
  t.throws(() => checkImageFiles(store, { ...image('debian-12'), kernel }), {
    instanceOf: InventoryError,
    message: 'kernel.size: the file has 2048 bytes, not 2047'
  })
})
