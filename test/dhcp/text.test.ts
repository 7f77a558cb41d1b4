import test from 'ava'
import fc from 'fast-check'
import { encode } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { packetLine, packetText } from '../../src/dhcp/text.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, VECTORS, vector } from './vectors.ts'

const whole = (bytes: Uint8Array) => ({ bytes, length: bytes.length })
const textOf = (...args: Parameters<typeof packet>) => packetText(whole(encode(packet(...args))))
const lineOf = (...args: Parameters<typeof packet>) => packetLine(whole(encode(packet(...args))))
const type = (message: keyof typeof MESSAGE) => entry(OPTION.messageType, MESSAGE[message])

test('a packet is told by the fields that are set, and by its options in their order', (t) => {
  const text = textOf(
    {
      op: 2,
      hops: 1,
      secs: 4,
      flags: 0x8000,
      ciaddr: ip('10.77.0.9'),
      yiaddr: ip('10.77.0.10'),
      siaddr: ip('10.77.0.1'),
      giaddr: ip('10.88.0.1'),
      sname: 'tandem',
      file: 'ipxe.efi'
    },
    [
      type('OFFER'),
      [3, fromHex('0a4d0001 0a4d0002')],
      [60, Buffer.from('PXEClient')],
      [43, fromHex('06 01 08 ff')],
      [224, fromHex('0a0b')],
      [175, fromHex('b0 01 01')],
      [82, fromHex('01 04 65746830 05 04 0a580000')]
    ]
  )
  t.is(
    text,
    `OFFER 12345678
  hops: 1
  secs: 4
  flags: broadcast
  ciaddr: 10.77.0.9
  yiaddr: 10.77.0.10
  siaddr: 10.77.0.1
  giaddr: 10.88.0.1
  chaddr: 52:54:00:00:00:0a
  sname: tandem
  file: ipxe.efi
   53 dhcp-message-type: 2
    3 routers: 10.77.0.1, 10.77.0.2
   60 vendor-class-identifier: PXEClient
   43 pxe
        discovery-control: 8
  224 224: 0x0a0b
  175 ipxe
        no-pxedhcp: 1
   82 dhcp-agent-options
        circuit-id: eth0
        link-selection: 10.88.0.0`
  )
})

test('what is odd is told, what is usual is not', (t) => {
  t.is(textOf(), 'BOOTREQUEST 12345678\n  chaddr: 52:54:00:00:00:0a')
  t.is(
    textOf({ op: 7, htype: 32, flags: 1, chaddr: new Uint8Array(0) }),
    'BOOTREQUEST 12345678\n  op: 7\n  htype: 32\n  flags: 0001'
  )
  t.regex(textOf({ op: 2 }), /^BOOTREPLY 12345678\n/)
  t.regex(textOf({}, [[53, Uint8Array.of(13)]]), /^message type 13 12345678\n/)
})

test('option 43 is hex for clients of another vendor than PXE', (t) => {
  t.regex(textOf({}, [[43, fromHex('060108ff')]]), /^ {3}43 vendor-encapsulated-options: 0x060108ff$/m)
})

test('an option that is not of its kind is hex, with the reason', (t) => {
  t.regex(textOf({}, [[3, fromHex('0a4d')]]), /^ {4}3 routers: 0x0a4d \(malformed: .+\)$/m)
})

test('of a malformed packet there are the reason and the bytes', (t) => {
  const bytes = Uint8Array.from({ length: 20 }, (_, index) => index)
  t.is(
    packetText(whole(bytes)),
    `malformed (too-short): 20 bytes; the fixed fields alone are 240
  0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
  0010  10 11 12 13`
  )
  t.is(packetLine(whole(bytes)), 'malformed (too-short): 20 bytes; the fixed fields alone are 240')
})

test('of a packet that was cut it is told how much is there', (t) => {
  const bytes = vector('busybox-udhcpc')
  t.is(
    packetText({ bytes, length: 2000 }),
    `only the first ${bytes.length} of 2000 bytes are here\n${packetText(whole(bytes))}`
  )
})

for (const [line, fields, options] of [
  ['DISCOVER 12345678', {}, [type('DISCOVER')]],
  [
    'REQUEST 12345678 for 10.77.0.10, server 10.77.0.1, vendor class d-i',
    {},
    [
      type('REQUEST'),
      entry(OPTION.requestedAddress, ip('10.77.0.10')),
      entry(OPTION.serverId, ip('10.77.0.1')),
      entry(OPTION.vendorClass, 'd-i')
    ]
  ],
  [
    'RELEASE 12345678 for 10.77.0.10, relay agent 10.88.0.1',
    { ciaddr: ip('10.77.0.10'), giaddr: ip('10.88.0.1') },
    [type('RELEASE')]
  ],
  ['BOOTREQUEST 12345678', {}, []]
] as const satisfies readonly (readonly [string, ...Parameters<typeof packet>])[]) {
  test(`in one line: ${line}`, (t) => {
    t.is(lineOf(fields, options), line)
  })
}

test('whatever a client sends, the text is printable ASCII: nothing that could steer a terminal', (t) => {
  const bell = '\x1b]0;\x07\x9b'
  const told = textOf({ sname: bell, file: bell }, [entry(OPTION.hostName, bell), entry(OPTION.vendorClass, bell)])
  t.is(told.match(/\\x1b\]0;\\x07\\x9b/g)?.length, 4)
  const mutated = fc
    .record({
      original: fc.constantFrom(...Array.from(VECTORS.values(), ({ request }) => request)),
      changes: fc.array(fc.record({ at: fc.nat(450), byte: fc.nat(255) }), { maxLength: 30 }),
      options: fc.uint8Array({ maxLength: 200 })
    })
    .map(({ original, changes, options }) => {
      const bytes = Uint8Array.of(...original.slice(0, 240), ...options, ...original.slice(240))
      for (const { at, byte } of changes) bytes[at] = byte
      return bytes
    })
  fc.assert(
    fc.property(mutated, (bytes) => {
      t.regex(packetText(whole(bytes)), /^[\n -~]+$/)
      t.regex(packetLine(whole(bytes)), /^[ -~]+$/)
    }),
    { numRuns: 1000 }
  )
})
