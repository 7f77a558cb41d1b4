import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import { type MalformedCode, MalformedPacket } from '../../src/dhcp/malformed.ts'
import { ipv4FromNumber } from '../../src/net/ipv4.ts'
import { udpDatagrams } from './pcap.ts'
import { fromHex, packet, plain, VECTORS, vector } from './vectors.ts'

const CAPTURES = 'test/vectors/captures'
/** op, htype, hlen, hops, xid, secs, flags, four addresses, chaddr, sname, file, cookie. */
const HEADER = `01 01 06 00 12345678 0000 0000 ${'00000000'.repeat(4)} 52540000000a ${'00'.repeat(10 + 64 + 128)} 63825363`
const COOKIE_AT = 236

for (const [name, { discover, request }] of VECTORS) {
  test(`${name}: what the client sent is written as it was read`, (t) => {
    t.deepEqual(encode(decode(discover)), discover)
    t.deepEqual(encode(decode(request)), request)
  })
}

for (const file of readdirSync(CAPTURES)) {
  test(`${file}: every DHCP packet decodes, and is written as it was read`, (t) => {
    const datagrams = udpDatagrams(readFileSync(`${CAPTURES}/${file}`))
    const packets = datagrams.filter(({ sourcePort }) => sourcePort === 67 || sourcePort === 68)
    t.true(packets.length >= 4)
    for (const { payload } of packets) t.deepEqual(encode(decode(payload)), payload)
  })
}

test('the fixed fields are where RFC 2131 has them', (t) => {
  const bytes = fromHex(
    `
    02 01 06 03 89abcdef 0102 8000
    0a4d0001 0a4d0002 0a4d0003 0a4d0004
    52540000000a ${'00'.repeat(10)}
    746672 ${'00'.repeat(61)}
    69707865 ${'00'.repeat(124)}
    63825363 35 01 02 00 00 0c 02 6e31 ff`.replaceAll('\n', '')
  )
  const expected: Packet = {
    op: 2,
    htype: 1,
    hops: 3,
    xid: 0x89abcdef,
    secs: 0x0102,
    flags: 0x8000,
    ciaddr: ipv4FromNumber(0x0a4d0001),
    yiaddr: ipv4FromNumber(0x0a4d0002),
    siaddr: ipv4FromNumber(0x0a4d0003),
    giaddr: ipv4FromNumber(0x0a4d0004),
    chaddr: fromHex('52540000000a'),
    sname: 'tfr',
    file: 'ipxe',
    options: new Map([
      [53, fromHex('02')],
      [12, fromHex('6e31')]
    ])
  }
  t.deepEqual(plain(decode(bytes)), expected)
})

test("a message is padded to BOOTP's 300 bytes", (t) => {
  const bytes = encode(packet({}, [[53, Uint8Array.of(1)]]))
  t.is(bytes.length, 300)
  t.deepEqual(bytes.slice(240, 246), fromHex('35 01 01 ff 00 00'))
})

test('RFC 3396: parts of an option are joined on reading, wherever they are', (t) => {
  const { options } = decode(fromHex(`${HEADER} 43 02 6162 35 01 01 43 00 43 01 63 ff`))
  t.deepEqual(
    [...options],
    [
      [0x43, fromHex('616263')],
      [0x35, fromHex('01')]
    ]
  )
})

for (const [length, parts] of [
  [0, [0]],
  [255, [255]],
  [256, [255, 1]],
  [510, [255, 255]],
  [600, [255, 255, 90]]
] as const) {
  test(`RFC 3396: an option of ${length} bytes is written as ${parts.join(' + ')}`, (t) => {
    const value = new Uint8Array(length).map((_, index) => index)
    const bytes = encode(packet({}, [[67, value]]))
    let at = COOKIE_AT + 4
    for (const part of parts) {
      t.deepEqual(Array.from(bytes.slice(at, at + 2)), [67, part])
      at += 2 + part
    }
    t.is(bytes[at], 255)
    t.deepEqual(decode(bytes).options.get(67), value)
  })
}

for (const [bits, file, sname, expected] of [
  [1, '0c 01 61 ff', '73', { file: '', sname: 's', options: [[12, '61']] }],
  [2, '66', '0c 01 62 ff', { file: 'f', sname: '', options: [[12, '62']] }],
  [3, '0c 01 61 ff', '0c 01 62 ff', { file: '', sname: '', options: [[12, '6162']] }]
] as const) {
  test(`RFC 2132, 9.3: overload ${bits} makes ${['', 'file', 'sname', 'file and then sname'][bits]} hold options`, (t) => {
    const bytes = fromHex(`${HEADER} 34 01 0${bits} ff`)
    bytes.set(fromHex(sname), 44)
    bytes.set(fromHex(file), 108)
    const decoded = decode(bytes)
    t.is(decoded.file, expected.file)
    t.is(decoded.sname, expected.sname)
    t.deepEqual(
      [...decoded.options],
      expected.options.map(([code, value]) => [code, fromHex(value)])
    )
  })
}

test('a missing END is tolerated: every option says where it ends', (t) => {
  t.deepEqual([...decode(fromHex(`${HEADER} 35 01 01`)).options], [[53, Uint8Array.of(1)]])
  t.is(decode(fromHex(HEADER)).options.size, 0)
})

test('what follows END is no option', (t) => {
  t.deepEqual([...decode(fromHex(`${HEADER} 35 01 01 ff 0c`)).options.keys()], [53])
})

test('a hardware address may be of any length up to 16', (t) => {
  for (const length of [0, 1, 16]) {
    const chaddr = new Uint8Array(length).fill(7)
    t.deepEqual(decode(encode(packet({ chaddr }))).chaddr, chaddr)
  }
})

for (const [what, hex, code] of [
  ['nothing', '', 'too-short'],
  ['the fixed fields without the last byte of the cookie', HEADER.slice(0, -2), 'too-short'],
  ['more than any client sends', `${HEADER} ${'00'.repeat(9001 - 240)}`, 'too-long'],
  ['a hardware address of 17 bytes', HEADER.replace('01 01 06', '01 01 11'), 'hardware-length'],
  ['another cookie', HEADER.replace('63825363', '63825364'), 'no-cookie'],
  ['a code without its length', `${HEADER} 35`, 'truncated-option'],
  ['a length without its value', `${HEADER} 35 01`, 'truncated-option'],
  ['a value that is cut off', `${HEADER} 0c 05 6e6f6465`, 'truncated-option'],
  ['overload 0', `${HEADER} 34 01 00 ff`, 'option-value'],
  ['overload 4', `${HEADER} 34 01 04 ff`, 'option-value'],
  ['overload of two bytes', `${HEADER} 34 02 0101 ff`, 'option-value'],
  [
    'overloaded fields that are cut off',
    `${HEADER.replace(/0000 63825363$/, '0c05 63825363')} 34 01 01 ff`,
    'truncated-option'
  ]
] as const satisfies readonly (readonly [string, string, MalformedCode])[]) {
  test(`${what} is malformed: ${code}`, (t) => {
    t.throws(() => decode(fromHex(hex)), { instanceOf: MalformedPacket, code })
  })
}

for (const [what, fields, options] of [
  ['a file of 129 bytes', { file: 'f'.repeat(129) }, []],
  ['a server name of 65 bytes', { sname: 's'.repeat(65) }, []],
  ['a hardware address of 17 bytes', { chaddr: new Uint8Array(17) }, []],
  ['option 0', {}, [[0, Uint8Array.of(1)]]],
  ['option 255', {}, [[255, Uint8Array.of(1)]]]
] as const satisfies readonly (readonly [string, Partial<Packet>, [number, Uint8Array][]])[]) {
  test(`${what} can't be written`, (t) => {
    t.throws(() => encode(packet(fields, options)), { instanceOf: RangeError })
  })
}

const anyAddress = fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber)
const anyText = (maxLength: number) =>
  fc.uint8Array({ maxLength, min: 1 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const anyPacket: fc.Arbitrary<Packet> = fc.record({
  op: fc.nat(255),
  htype: fc.nat(255),
  hops: fc.nat(255),
  xid: fc.integer({ min: 0, max: 0xffffffff }),
  secs: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  ciaddr: anyAddress,
  yiaddr: anyAddress,
  siaddr: anyAddress,
  giaddr: anyAddress,
  chaddr: fc.uint8Array({ maxLength: 16 }),
  sname: anyText(64),
  file: anyText(128),
  options: fc
    .array(fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 600 })), { maxLength: 12 })
    .map((entries) => new Map(entries.filter(([code]) => code !== 52)))
})

test('any packet is read as it was written, options in their order', (t) => {
  fc.assert(
    fc.property(anyPacket, (written) => {
      const read = decode(encode(written))
      t.deepEqual(plain(read), written)
      t.deepEqual([...read.options.keys()], [...written.options.keys()])
    })
  )
})

/** A real payload with some bytes replaced, cut or lengthened. */
const mutated = fc
  .record({
    original: fc.constantFrom(...[...VECTORS.keys()].map((name) => vector(name, 'request'))),
    changes: fc.array(fc.record({ at: fc.nat(450), byte: fc.nat(255) }), { maxLength: 8 }),
    length: fc.option(fc.nat(450), { nil: undefined }),
    tail: fc.uint8Array({ maxLength: 40 })
  })
  .map(({ original, changes, length, tail }) => {
    const bytes = Uint8Array.of(...original.slice(0, length), ...tail)
    for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte
    return bytes
  })
const wellHeaded = fc.uint8Array({ maxLength: 400 }).map((rest) => Uint8Array.of(...fromHex(HEADER), ...rest))

for (const [what, bytes] of [
  ['arbitrary bytes', fc.uint8Array({ maxLength: 600 })],
  ['arbitrary options', wellHeaded],
  ['mutated packets', mutated]
] as const) {
  test(`${what} decode to a packet that can be written and read again, or are malformed`, (t) => {
    fc.assert(
      fc.property(bytes, (input) => {
        let read: Packet
        try {
          read = decode(input)
        } catch (error) {
          t.true(error instanceof MalformedPacket, String(error))
          return
        }
        t.deepEqual(plain(decode(encode(read))), plain(read))
      }),
      { numRuns: 1000 }
    )
  })
}

test('RFC 3396: an option in thousands of tiny parts is joined in their order', (t) => {
  const parts = new Uint8Array(8760).map((_, index) => [77, 1, index / 3][index % 3] as number)
  const { options } = decode(Uint8Array.of(...fromHex(HEADER), ...parts))
  t.deepEqual(
    options.get(77),
    new Uint8Array(2920).map((_, index) => index)
  )
})
