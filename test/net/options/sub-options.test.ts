import test from 'ava'
import { ipxeOptions } from '../../../src/net/options/ipxe.ts'
import { OptionList } from '../../../src/net/options/option-list.ts'
import { relayAgentOptions } from '../../../src/net/options/relay-agent.ts'
import { bytesOf, fromHex, holds, malformed, refused } from './forms.ts'

// RFC 3046, section 2.0: circuit id `br1`; RFC 3527: link selection; RFC 8357: source port, empty.
holds(relayAgentOptions, {
  value: new OptionList([
    [1, bytesOf('br1')],
    [5, bytesOf(10, 88, 0, 1)],
    [19, bytesOf()]
  ]),
  bytes: bytesOf(1, 3, 'br1', 5, 4, 10, 88, 0, 1, 19, 0),
  json: { 'circuit-id': 'br1', 'link-selection': '10.88.0.1', 'relay-source-port': true }
})
// A code that has no name.
holds(relayAgentOptions, {
  value: new OptionList([
    [200, bytesOf(10)],
    [6, bytesOf('subscriber 7')]
  ]),
  bytes: bytesOf(200, 1, 10, 6, 12, 'subscriber 7'),
  json: { 200: '0x0a', 'subscriber-id': 'subscriber 7' },
  also: [{ 'option-200': '0a', 'option-6': 'subscriber 7' }]
})
malformed(relayAgentOptions, 'b0', 'b002 01', '0000 0a', 'ff')

test('RFC 3046, section 2.0: a relay agent has no PAD and no END', (t) => {
  t.deepEqual(
    relayAgentOptions.read(fromHex('0001 0a ff01 0b')),
    new OptionList([
      [0, bytesOf(10)],
      [255, bytesOf(11)]
    ])
  )
})

test('nothing inside is no sub-options', (t) => {
  t.deepEqual(relayAgentOptions.read(fromHex('')), new OptionList())
})

test('a sub-option is not split: what is too long for it can not be written', (t) => {
  t.throws(() => relayAgentOptions.write(new OptionList([[1, new Uint8Array(256)]])), { instanceOf: RangeError })
})

test('one that is malformed does not hide the others', (t) => {
  t.deepEqual(relayAgentOptions.print(relayAgentOptions.read(fromHex('0502 0a58 0103 627231'))), {
    'link-selection': '0x0a58 (malformed: 2 bytes, not 4)',
    'circuit-id': 'br1'
  })
})

holds(ipxeOptions, {
  value: new OptionList([
    [1, bytesOf(0xff)],
    [176, bytesOf(1)]
  ]),
  bytes: bytesOf(1, 1, 0xff, 0xb0, 1, 1),
  json: { priority: -1, 'no-pxedhcp': 1 },
  also: [{ 1: -1, 'option-176': 1 }]
})

test("END after iPXE's own is no sub-option: dnsmasq writes it", (t) => {
  t.deepEqual(ipxeOptions.read(fromHex('b00101ff')), ipxeOptions.read(fromHex('b00101')))
})

test('what iPXE tells of itself is read by name', (t) => {
  // The card's PCI id; iPXE's version; HTTP.
  const told = fromHex('b105 011af41000 eb03 010000 1301 01')
  t.deepEqual(ipxeOptions.print(ipxeOptions.read(told)), { 'bus-id': '0x011af41000', version: '0x010000', http: 1 })
})

refused(
  ipxeOptions,
  [{}, 'must have at least one sub-option'],
  [1, 'must be sub-options by name or code, not 1'],
  [['no-pxedhcp'], 'must be sub-options by name or code, not ["no-pxedhcp"]'],
  [{ 'no-pxedhcp': 1, 176: 1 }, 'no-pxedhcp: is given twice, by name and by code'],
  [{ http: 1 }, "http: can't be set: iPXE tells it of itself"],
  [{ 'no-pxdhcp': 1 }, 'no-pxdhcp: is not an option that Tandem knows; did you mean no-pxedhcp?'],
  [{ 255: '0x00' }, '255: is not a code: options have 1 to 254'],
  [{ scriptlet: 'a'.repeat(256) }, 'scriptlet: has 256 bytes; there is room for 255']
)
