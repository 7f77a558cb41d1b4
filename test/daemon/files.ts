import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ExecutionContext } from 'ava'

/** Gone when the test is over. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

export const LOADERS = {
  'undionly.kpxe': 'a loader for BIOS',
  'ipxe.efi': 'a loader for UEFI on x64',
  'ipxe-arm64.efi': 'a loader for UEFI on arm64'
}

export function loadersFolder(folder: string): string {
  const loaders = join(folder, 'loaders')
  mkdirSync(loaders)
  for (const [name, text] of Object.entries(LOADERS)) writeFileSync(join(loaders, name), text)
  return loaders
}

export const SIGNED_LOADERS = { 'bootnetx64.efi': 'shim for UEFI on x64', 'grubx64.efi': 'GRUB for UEFI on x64' }

export function signedLoadersFolder(folder: string): string {
  const loaders = join(folder, 'signed')
  mkdirSync(loaders)
  for (const [name, text] of Object.entries(SIGNED_LOADERS)) writeFileSync(join(loaders, name), text)
  return loaders
}

export type NetbootFile = { name: string; sha256: string; bytes: Buffer }

/** As Debian's package has it, with a kernel that is one by its mark only. @returns what is in it. */
export function addNetbootFolder(
  folder: string,
  architecture: 'amd64' | 'arm64' = 'amd64'
): { path: string; kernel: NetbootFile; initrd: NetbootFile } {
  const path = join(folder, 'netboot')
  const files = join(path, 'debian-installer', architecture)
  mkdirSync(files, { recursive: true })
  const kernel = fileOf('linux', kernelFor(architecture))
  const initrd = fileOf('initrd.gz', gzipSync('070701 and so on'))
  for (const { name, bytes } of [kernel, initrd]) writeFileSync(join(files, name), bytes)
  writeFileSync(join(path, 'version.info'), 'Debian version:  12 (bookworm)\nInstaller build: 20230607\n')
  return { path, kernel, initrd }
}

function fileOf(name: string, bytes: Buffer): NetbootFile {
  return { name, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Its bytes tell their place, so that a wrong range shows. */
function kernelFor(architecture: 'amd64' | 'arm64'): Buffer {
  const kernel = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 31 + (index >> 8)) & 255))
  if (architecture === 'amd64') kernel.write('HdrS', 0x202)
  else kernel.write('ARMd', 56)
  return kernel
}
