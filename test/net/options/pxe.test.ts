import test from 'ava'
import { parseIpv4 } from '../../../src/net/ipv4.ts'
import { OptionList } from '../../../src/net/options/option-list.ts'
import { PXE, pxeOptions } from '../../../src/net/options/pxe.ts'
import { bytesOf, holds, malformed, refused } from './forms.ts'

// PXE 2.1, table 2-1.
holds(PXE.discoveryControl.kind, { value: 8, bytes: bytesOf(8), json: 8 })
holds(PXE.bootServers.kind, {
  value: [
    { type: 1, addresses: [parseIpv4('10.77.0.1'), parseIpv4('10.77.0.2')] },
    { type: 0x8000, addresses: [] }
  ],
  // Type 1, 2 addresses; a vendor's own type, of which any server that answers will do.
  bytes: bytesOf(0, 1, 2, 10, 77, 0, 1, 10, 77, 0, 2, 0x80, 0, 0),
  json: [
    { type: 1, addresses: ['10.77.0.1', '10.77.0.2'] },
    { type: 32768, addresses: [] }
  ]
})
malformed(PXE.bootServers.kind, '', '0001', '0001 02 0a4d0001')
holds(PXE.bootMenu.kind, {
  value: [
    { type: 0, text: 'Local disk' },
    { type: 1, text: 'Install' }
  ],
  bytes: bytesOf(0, 0, 10, 'Local disk', 0, 1, 7, 'Install'),
  json: [
    { type: 0, text: 'Local disk' },
    { type: 1, text: 'Install' }
  ]
})
malformed(PXE.bootMenu.kind, '', '0000', '0000 00', '0000 02 61')
holds(PXE.menuPrompt.kind, {
  value: { timeout: 10, text: 'Press F8' },
  bytes: bytesOf(10, 'Press F8'),
  json: { timeout: 10, text: 'Press F8' }
})
malformed(PXE.menuPrompt.kind, '', '0a')
holds(PXE.bootItem.kind, {
  value: { type: 1, layer: 0 },
  bytes: bytesOf(0, 1, 0, 0),
  json: { type: 1, layer: 0 }
})
malformed(PXE.bootItem.kind, '0001', '0001000000')

// What firmware is told that needs no boot server: load the file that the packet names; END.
holds(pxeOptions, {
  value: new OptionList([[6, bytesOf(8)]]),
  bytes: bytesOf(6, 1, 8, 255),
  json: { 'discovery-control': 8 },
  also: [{ 6: 8 }, { 'option-6': 8 }]
})

test('RFC 2132, section 8.4: PAD is skipped, and nothing is read after END', (t) => {
  t.deepEqual(pxeOptions.read(bytesOf(0, 6, 1, 8, 0, 255, 7, 9)), new OptionList([[6, bytesOf(8)]]))
})

refused(
  pxeOptions,
  [
    { 'boot-servers': [{ type: 1, addresses: ['a'] }], 'menu-prompt': { timeout: 300, text: 'F8' } },
    'boot-servers[0].addresses[0]: "a" is not an IPv4 address like 10.77.0.10; ' +
      'menu-prompt.timeout: must be a whole number from 0 to 255, not 300'
  ],
  [{ 'boot-menu': [{ type: 1, text: 'a'.repeat(256) }] }, 'boot-menu[0].text: has 256 bytes; there is room for 255'],
  [
    { 'boot-servers': [{ type: 1, addresses: Array.from({ length: 256 }, () => '10.77.0.1') }] },
    'boot-servers[0].addresses: has 256 items; there is room for 255'
  ],
  [
    { 'boot-menu': [1, 2].map((type) => ({ type, text: 'a'.repeat(200) })) },
    'boot-menu: has 406 bytes; there is room for 255'
  ]
)
