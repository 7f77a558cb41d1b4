import test from 'ava'
import { firmwareOf, traitsOf } from '../../src/dhcp/classify.ts'
import { decode } from '../../src/dhcp/codec.ts'
import { entry } from '../../src/dhcp/options.ts'
import type { FirmwareName } from '../../src/net/firmware.ts'
import type { Options } from '../../src/net/options/kinds.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, VECTORS } from './vectors.ts'

const SENDERS: Record<string, FirmwareName> = {
  'qemu-ipxe-rom-bios-virtio': 'ipxe',
  'qemu-ipxe-rom-bios-e1000': 'ipxe',
  'undionly-kpxe-bios-e1000': 'ipxe',
  'qemu-ipxe-efi-rom-virtio': 'ipxe',
  'ovmf-edk2-pxe-arch7': 'uefi-x64',
  'ipxe.efi-after-ovmf-pxe': 'ipxe',
  'ovmf-edk2-httpboot-arch16': 'uefi-http',
  'snponly.efi-after-ovmf-pxe': 'ipxe',
  'relayed-ipxe-opt82': 'ipxe',
  'debian-installer-d-i': 'os',
  'busybox-udhcpc': 'os',
  'debian-isc-dhclient': 'os'
}

test('every vector is a case', (t) => t.deepEqual(Object.keys(SENDERS), [...VECTORS.keys()]))

for (const [sender, { discover, request }] of VECTORS) {
  test(`${sender} is ${SENDERS[sender]}, in its DISCOVER and its REQUEST`, (t) => {
    for (const bytes of [discover, request])
      t.is(firmwareOf(traitsOf(decode(bytes).options)).name, SENDERS[sender] as FirmwareName)
  })
}

const architectures = (...types: number[]) => entry(OPTION.architectures, types)
const vendorClass = (name: string) => entry(OPTION.vendorClass, name)
const userClass = (hex: string) => [OPTION.userClass.code, fromHex(hex)] as const
const PXE = vendorClass('PXEClient:Arch:00000:UNDI:002001')
const HTTP = vendorClass('HTTPClient:Arch:00016:UNDI:003000')

for (const [rule, entries, name] of [
  ['nothing told', [], 'os'],
  ['a class that is no firmware', [vendorClass('d-i')], 'os'],
  ['BIOS', [architectures(0), PXE], 'bios'],
  ['x64 that sends byte code', [architectures(9), PXE], 'uefi-x64'],
  ['arm64', [architectures(11), PXE], 'uefi-arm64'],
  ['HTTP Boot on arm64', [architectures(19), HTTP], 'uefi-http-arm64'],
  ['the first supported type counts', [architectures(6, 7, 0), PXE], 'uefi-x64'],
  ['no type is supported', [architectures(6, 2), PXE], 'unsupported'],
  ['the class says HTTP, the type only the processor', [architectures(7), HTTP], 'uefi-http'],
  ['the class says PXE, the type only the processor', [architectures(16), PXE], 'uefi-x64'],
  ['BIOS has no HTTP Boot', [architectures(0), HTTP], 'bios'],
  ['a type without a class', [architectures(7)], 'uefi-x64'],
  ['a class without a type, but with one in its text', [PXE], 'bios'],
  ['a class without any type', [vendorClass('PXEClient')], 'unsupported'],
  ['a malformed type, and one in the class', [[93, fromHex('000700')], HTTP], 'uefi-http'],
  ['iPXE by its raw class', [architectures(7), PXE, userClass('69505845')], 'ipxe'],
  ['iPXE by an RFC 3004 class', [architectures(7), PXE, userClass('04 69505845')], 'ipxe'],
  ['iPXE as the second RFC 3004 class', [architectures(7), PXE, userClass('02 6162 04 69505845')], 'ipxe'],
  ['iPXE by option 175', [architectures(7), PXE, [175, fromHex('130101')]], 'ipxe'],
  ['another class', [architectures(7), PXE, userClass('67505845')], 'uefi-x64'],
  ['a class that only begins like iPXE', [architectures(7), PXE, userClass('695058457a')], 'uefi-x64'],
  [
    'iPXE after a length that is wrong: one class of five bytes',
    [architectures(7), PXE, userClass('ff 69505845')],
    'uefi-x64'
  ]
] as const satisfies readonly (readonly [string, readonly (readonly [number, Uint8Array])[], FirmwareName])[]) {
  test(`${rule}: ${name}`, (t) => {
    const options: Options = new Map(entries)
    t.is(firmwareOf(traitsOf(options)).name, name)
  })
}

test('the architectures are told as listed, or as the class has one', (t) => {
  t.deepEqual(traitsOf(new Map([architectures(7, 0), PXE])).architectures, [7, 0])
  t.deepEqual(traitsOf(new Map([HTTP])).architectures, [16])
  t.deepEqual(traitsOf(new Map()).architectures, [])
})
