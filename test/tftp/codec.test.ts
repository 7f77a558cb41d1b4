import test from 'ava'
import fc from 'fast-check'
import { decode, encode, type MalformedCode, MalformedPacket, type Packet, tryDecode } from '../../src/tftp/codec.ts'
import { options } from './fakes.ts'

/** Quoted text as ASCII, everything else as hexadecimal bytes. */
function bytes(text: string): Uint8Array {
  const parts = text.match(/"[^"]*"|[0-9a-f]{2}/g) ?? []
  return Uint8Array.from(
    parts.flatMap((part) => (part.startsWith('"') ? [...Buffer.from(part.slice(1, -1))] : [Number.parseInt(part, 16)]))
  )
}

const BOTH_WAYS: readonly [rule: string, wire: string, packet: Packet][] = [
  [
    'RFC 1350, figure 5-1: a read request',
    '00 01 "ipxe.efi" 00 "octet" 00',
    { type: 'RRQ', file: 'ipxe.efi', mode: 'octet', options: options() }
  ],
  [
    'RFC 1350, figure 5-1: a write request',
    '00 02 "x" 00 "netascii" 00',
    { type: 'WRQ', file: 'x', mode: 'netascii', options: options() }
  ],
  [
    "RFC 2347: options follow the mode, here iPXE's own",
    '00 01 "undionly.kpxe" 00 "octet" 00 "blksize" 00 "1432" 00 "tsize" 00 "0" 00',
    { type: 'RRQ', file: 'undionly.kpxe', mode: 'octet', options: options({ blksize: 1432, tsize: 0 }) }
  ],
  [
    'a request without a file name is well-formed: there is just no such file',
    '00 01 00 "octet" 00',
    { type: 'RRQ', file: '', mode: 'octet', options: options() }
  ],
  ['RFC 1350, figure 5-2: data', '00 03 01 02 ff 00 7f', { type: 'DATA', block: 258, data: bytes('ff 00 7f') }],
  ['RFC 1350: the last block may be empty', '00 03 ff ff', { type: 'DATA', block: 65535, data: bytes('') }],
  ['RFC 1350, figure 5-3: an acknowledgement', '00 04 00 07', { type: 'ACK', block: 7 }],
  ['RFC 1350, figure 5-4: an error', '00 05 00 01 "gone" 00', { type: 'ERROR', code: 1, message: 'gone' }],
  [
    'RFC 2347: an option acknowledgement',
    '00 06 "blksize" 00 "1468" 00 "tsize" 00 "4096" 00',
    { type: 'OACK', options: options({ blksize: 1468, tsize: 4096 }) }
  ],
  ['RFC 2347: an OACK may be empty', '00 06', { type: 'OACK', options: options() }]
]

for (const [rule, wire, packet] of BOTH_WAYS) {
  test(`${rule}: both ways`, (t) => {
    t.deepEqual(decode(bytes(wire)), packet)
    t.deepEqual(encode(packet), bytes(wire))
  })
}

const TOLERATED: readonly [rule: string, wire: string, packet: Packet][] = [
  [
    'RFC 1350: the mode is in any case',
    '00 01 "a" 00 "OcTeT" 00',
    { type: 'RRQ', file: 'a', mode: 'octet', options: options() }
  ],
  [
    'RFC 2347: names of options are in any case, the first of a name counts',
    '00 01 "a" 00 "octet" 00 "BLKSIZE" 00 "8" 00 "blksize" 00 "9" 00',
    { type: 'RRQ', file: 'a', mode: 'octet', options: options({ blksize: 8 }) }
  ],
  [
    'zeros that pad a request are no options',
    '00 01 "a" 00 "octet" 00 "tsize" 00 "0" 00 00 00 00',
    { type: 'RRQ', file: 'a', mode: 'octet', options: options({ tsize: 0 }) }
  ],
  [
    "an error's message may lack its NUL",
    '00 05 00 08 "User aborted"',
    { type: 'ERROR', code: 8, message: 'User aborted' }
  ],
  ['an error may lack its message', '00 05 00 00', { type: 'ERROR', code: 0, message: '' }],
  ['what follows the block number of an ACK is ignored', '00 04 00 01 00 00', { type: 'ACK', block: 1 }]
]

for (const [rule, wire, packet] of TOLERATED) {
  test(`${rule}: decoded`, (t) => t.deepEqual(decode(bytes(wire)), packet))
}

const MALFORMED: readonly [what: string, wire: string, code: MalformedCode][] = [
  ['an empty datagram', '', 'too-short'],
  ['half an opcode', '00', 'too-short'],
  ['opcode 0', '00 00 00 01', 'unknown-opcode'],
  ['opcode 7', '00 07 00 01', 'unknown-opcode'],
  ['an opcode in the wrong byte order', '01 00 00 01', 'unknown-opcode'],
  ['a request of nothing', '00 01', 'too-short'],
  ['a request without a mode', '00 01 "a" 00', 'too-short'],
  ['a mode without its NUL', '00 01 "a" 00 "octet"', 'unterminated-text'],
  ['an option without a value', '00 01 "a" 00 "octet" 00 "tsize" 00', 'option-without-value'],
  ['a value without its NUL', '00 06 "tsize" 00 "0"', 'unterminated-text'],
  ['DATA without a block number', '00 03 00', 'too-short'],
  ['an ACK without a block number', '00 04', 'too-short'],
  ['an ERROR without a code', '00 05 00', 'too-short']
]

for (const [what, wire, code] of MALFORMED) {
  test(`malformed: ${what}`, (t) => {
    t.like(
      t.throws(() => decode(bytes(wire)), { instanceOf: MalformedPacket }),
      { code }
    )
  })
}

test('a text with a NUL is not encoded: it would say something else', (t) => {
  t.throws(() => encode({ type: 'ERROR', code: 0, message: 'a\0b' }), { instanceOf: TypeError })
})

const word = fc.integer({ min: 0, max: 65535 })
const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'))
const optionName = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/)
const someOptions = fc.array(fc.tuple(optionName, text), { maxLength: 5 }).map((pairs) => new Map(pairs))
const somePacket: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({
    type: fc.constantFrom('RRQ' as const, 'WRQ' as const),
    file: text,
    mode: fc.constantFrom('octet', 'netascii', 'mail'),
    options: someOptions
  }),
  fc.record({ type: fc.constant('DATA' as const), block: word, data: fc.uint8Array() }),
  fc.record({ type: fc.constant('ACK' as const), block: word }),
  fc.record({ type: fc.constant('ERROR' as const), code: word, message: text }),
  fc.record({ type: fc.constant('OACK' as const), options: someOptions })
)

test('every packet is decoded to what was encoded', (t) => {
  fc.assert(fc.property(somePacket, (packet) => t.deepEqual(decode(encode(packet)), packet)))
})

test('whatever comes in is a packet or malformed, never anything else thrown', (t) => {
  const likely = fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.array(fc.constantFrom(0, 0, 1, 48, 97, 255)))
    .map(([opcode, rest]) => Uint8Array.from([0, opcode, ...rest]))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), likely), (datagram) => {
      const packet = tryDecode(datagram)
      return packet instanceof MalformedPacket ? packet.message !== '' : encode(packet).length > 0
    })
  )
  t.pass()
})
