import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a machine prints on its serial port when it has booted one of these disks; then it stays as it is. */
export const DISK_BOOTED = 'DISK BOOT'

const MESSAGE = Buffer.from(`${DISK_BOOTED}\r\n\0`)

/** Prints the text at (R)SI on the port in DX, then halts: the same bytes in 16-bit and in 64-bit code. */
const PRINT = [
  0xfc, //       cld
  0xac, // next: lodsb
  0x84,
  0xc0, // test al, al
  0x74,
  0x03, // jz halt
  0xee, //       out dx, al
  0xeb,
  0xf8, // jmp next
  0xf4, // halt: hlt
  0xeb,
  0xfd //  jmp halt
]

/** Makes a disk that a BIOS boots, and gives QEMU's drive options for it. */
export async function makeBiosDisk(folder: string): Promise<string> {
  const setUp = [
    0x31,
    0xc0, //       xor ax, ax
    0x8e,
    0xd8, //       mov ds, ax
    0xba,
    0xf8,
    0x03, // mov dx, 0x3f8 (the first serial port)
    0xbe,
    0x16,
    0x7c //  mov si, 0x7c16: the message, behind these 22 bytes
  ]
  const disk = Buffer.alloc(1 << 20)
  Buffer.from([...setUp, ...PRINT, ...MESSAGE]).copy(disk)
  disk.writeUInt16LE(0xaa55, 510)
  const file = join(folder, 'bios.disk')
  await writeFile(file, disk)
  return `file=${file},format=raw`
}

/** Makes a disk that UEFI boots: a FAT file system with a program under the removable media's path. Gives QEMU's drive options. */
export async function makeUefiDisk(folder: string): Promise<string> {
  const root = join(folder, 'uefi.disk')
  await mkdir(join(root, 'EFI/BOOT'), { recursive: true })
  await writeFile(join(root, 'EFI/BOOT/BOOTX64.EFI'), efiProgram())
  return `file=fat:rw:${root},format=raw`
}

/** A whole PE32+ file (Microsoft's PE format, and the UEFI specification 2.1): headers of 512 bytes, one section of code. */
function efiProgram(): Buffer {
  const code = [
    0x66,
    0xba,
    0xf8,
    0x03, //                   mov dx, 0x3f8
    0x48,
    0x8d,
    0x35,
    0x0c,
    0x00,
    0x00,
    0x00, // lea rsi, [rip + 12]: the message, behind PRINT
    ...PRINT,
    ...MESSAGE
  ]
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
  Buffer.from(code).copy(file, headers)
  return file
}
