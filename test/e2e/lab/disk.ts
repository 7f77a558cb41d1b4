import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './process.ts'

/** What a machine prints on its serial port when it has booted one of these disks; then it stays as it is. */
export const DISK_BOOTED = 'DISK BOOT'

const MESSAGE = Buffer.from(`${DISK_BOOTED}\r\n\0`)

/** Prints the text at (R)SI on the port in DX, then halts: the same bytes in 16-bit and in 64-bit code. */
const PRINT = machineCode(`
  fc            cld
  ac      next: lodsb
  84 c0         test al, al
  74 03         jz halt
  ee            out dx, al
  eb f8         jmp next
  f4      halt: hlt
  eb fd         jmp halt`)

const SECTOR = 512
/** Where its one partition starts: bytes before it belong to nobody, but for the partition table. */
const PARTITION = 1 << 20
const PARTITION_BYTES = 3 << 20

/** What an installer leaves behind: a disk that a BIOS boots from its first sector, and UEFI from the removable media's path. */
export async function makeDisk(folder: string): Promise<string> {
  const [file, program] = [join(folder, 'installed.disk'), join(folder, 'BOOTX64.EFI')]
  const disk = Buffer.alloc(PARTITION + PARTITION_BYTES)
  bootSector().copy(disk)
  await writeFile(file, disk)
  await writeFile(program, efiProgram())
  const partition = `${file}@@${PARTITION}`
  await run(['mformat', '-i', partition, '-T', String(PARTITION_BYTES / SECTOR), '::'])
  for (const made of ['::EFI', '::EFI/BOOT']) await run(['mmd', '-i', partition, made])
  await run(['mcopy', '-i', partition, program, '::EFI/BOOT/BOOTX64.EFI'])
  return file
}

/** Makes an empty disk, which takes what `makeDisk` makes. `name` is that of its file, without the extension. */
export async function makeEmptyDisk(folder: string, name: string): Promise<string> {
  const file = join(folder, `${name}.disk`)
  await writeFile(file, Buffer.alloc(PARTITION + PARTITION_BYTES))
  return file
}

/** QEMU's drive options for a disk in a file. */
export function driveOf(file: string): string {
  return `file=${file},format=raw`
}

function bootSector(): Buffer {
  // It waits for a second, in which the BIOS writes out what it still has to say on the serial port.
  const setUp = machineCode(`
    fb            sti
    b9 12 00      mov cx, 18 (ticks)
    f4      wait: hlt
    e2 fd         loop wait
    31 c0         xor ax, ax
    8e d8         mov ds, ax
    ba f8 03      mov dx, 0x3f8 (the first serial port)
    be 1d 7c      mov si, 0x7c1d: the message, behind these 17 bytes and PRINT's 12`)
  const sector = Buffer.alloc(SECTOR)
  Buffer.concat([setUp, PRINT, MESSAGE]).copy(sector)
  const entry = 446 // the first of the partition table
  sector[entry + 4] = 0xef // EFI system partition
  sector.writeUInt32LE(PARTITION / SECTOR, entry + 8)
  sector.writeUInt32LE(PARTITION_BYTES / SECTOR, entry + 12)
  sector.writeUInt16LE(0xaa55, 510)
  return sector
}

/**
 * Makes a disk that UEFI boots with Secure Boot on, as Debian's installer leaves one behind: shim and GRUB with their signatures, and
 * GRUB's configuration where this GRUB looks for it. `signed` is the folder of Debian's own. Gives QEMU's drive options.
 */
export async function makeSignedDisk(folder: string, signed: string): Promise<string> {
  const root = join(folder, 'signed.disk')
  const [programs, config] = [join(root, 'EFI/debian'), join(root, 'debian-installer/amd64/grub')]
  for (const made of [programs, config]) await mkdir(made, { recursive: true })
  await copyFile(join(signed, 'bootnetx64.efi'), join(programs, 'shimx64.efi'))
  await copyFile(join(signed, 'grubx64.efi'), join(programs, 'grubx64.efi'))
  await writeFile(join(config, 'grub.cfg'), `echo '${DISK_BOOTED}'\nsleep 3600\n`)
  return `file=fat:rw:${root},format=raw`
}

/** A whole PE32+ file (Microsoft's PE format, and the UEFI specification 2.1): headers of 512 bytes, one section of code. */
function efiProgram(): Buffer {
  const setUp = machineCode(`
    66 ba f8 03           mov dx, 0x3f8
    48 8d 35 0c 00 00 00  lea rsi, [rip + 12]: the message, behind PRINT`)
  const code = Buffer.concat([setUp, PRINT, MESSAGE])
  const [headers, page] = [0x200, 0x1000]
  const file = Buffer.alloc(2 * headers)
  file.write('MZ')
  file.writeUInt32LE(0x40, 0x3c) // where the PE header starts

  const coff = 0x40
  file.write('PE\0\0', coff)
  file.writeUInt16LE(0x8664, coff + 4) // machine: x64
  file.writeUInt16LE(1, coff + 6) // sections
  file.writeUInt16LE(0xf0, coff + 20) // bytes of the optional header
  file.writeUInt16LE(0x0022, coff + 22) // an executable, of 64 bits

  const optional = coff + 24
  file.writeUInt16LE(0x20b, optional) // PE32+
  file.writeUInt32LE(headers, optional + 4) // bytes of code
  file.writeUInt32LE(page, optional + 16) // entry point
  file.writeUInt32LE(page, optional + 20) // base of code
  file.writeUInt32LE(page, optional + 32) // alignment of sections
  file.writeUInt32LE(headers, optional + 36) // alignment in the file
  file.writeUInt32LE(2 * page, optional + 56) // bytes of the image in memory
  file.writeUInt32LE(headers, optional + 60) // bytes of the headers
  file.writeUInt16LE(10, optional + 68) // subsystem: EFI application
  file.writeUInt32LE(16, optional + 108) // data directories, all empty

  const section = optional + 0xf0
  file.write('.text', section)
  file.writeUInt32LE(code.length, section + 8)
  file.writeUInt32LE(page, section + 12)
  file.writeUInt32LE(headers, section + 16)
  file.writeUInt32LE(headers, section + 20)
  file.writeUInt32LE(0x60000020, section + 36) // code, executable, readable
  code.copy(file, headers)
  return file
}

/** The bytes at the start of each line of a listing; two spaces end them. */
function machineCode(listing: string): Buffer {
  const bytes = listing.split('\n').map((line) => line.trim().split('  ', 1).join('').replaceAll(' ', ''))
  return Buffer.from(bytes.join(''), 'hex')
}
