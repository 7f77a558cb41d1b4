import test from 'ava'
import fc from 'fast-check'
import { MalformedPacket } from '../../src/dhcp/malformed.ts'
import { entry, read, readIfValid } from '../../src/dhcp/options.ts'
import { MalformedBytes } from '../../src/net/bytes.ts'
import { ipv4FromNumber, parseIpv4 } from '../../src/net/ipv4.ts'
import {
  bytes,
  encapsulated,
  ipv4,
  ipv4s,
  type Kind,
  machineId,
  present,
  text,
  uint8,
  uint8s,
  uint16s,
  uint32
} from '../../src/net/options/kinds.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import { fromHex } from './vectors.ts'

const UUID = '4c4c4544-0042-3510-8051-b4c04f4e4331'

/** Each row is read and written: the value, its bytes, and bytes that are not of the kind. */
function row<T>(kind: Kind<T>, value: T, hex: string, ...malformed: string[]): () => void {
  return () => {
    test(`${kind.name} ${hex || '(empty)'} is read and written`, (t) => {
      t.deepEqual(kind.read(fromHex(hex)), value)
      t.deepEqual(kind.write(value), fromHex(hex))
    })
    for (const each of malformed) {
      test(`${kind.name} ${each || '(empty)'} is malformed`, (t) => {
        t.throws(() => kind.read(fromHex(each)), { instanceOf: MalformedBytes })
      })
    }
  }
}

for (const declare of [
  row(uint8, 5, '05', '', '0506'),
  row(uint32, 3600, '00000e10', '', '000e10', '0000000e10'),
  row(uint32, 0xffffffff, 'ffffffff'),
  row(ipv4, parseIpv4('10.77.0.1'), '0a4d0001', '', '0a4d00', '0a4d000100'),
  row(ipv4s, ['10.77.0.1', '10.77.0.2'].map(parseIpv4), '0a4d0001 0a4d0002', '', '0a4d0001 0a4d00'),
  row(uint16s, [7, 16], '0007 0010', '', '000700'),
  row(uint8s, [1, 3, 6], '010306', ''),
  row(text, 'node-1', '6e6f64652d31', '', '00'),
  row(bytes, fromHex('00ff'), '00ff'),
  row(present, true, '', '00'),
  row(
    machineId,
    UUID,
    '00 44454c4c 4200 1035 8051 b4c04f4e4331',
    '',
    `00${'44'.repeat(15)}`,
    `00${'44'.repeat(17)}`,
    `01${'44'.repeat(16)}`
  ),
  row(
    encapsulated,
    new Map([
      [176, fromHex('01')],
      [1, fromHex('')]
    ]),
    'b00101 0100',
    'b0',
    'b002 01',
    '0000 0a'
  )
]) {
  declare()
}

test('RFC 2132, section 2: zeros at the end are no part of a text', (t) => {
  t.is(text.read(fromHex('6e31 0000')), 'n1')
  t.is(text.read(fromHex('6e00 31')), 'n\u00001')
})

test('what a kind writes, it reads', (t) => {
  const address = fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber)
  const holds = <T>(kind: Kind<T>, value: fc.Arbitrary<T>) =>
    fc.assert(fc.property(value, (each) => t.deepEqual(kind.read(kind.write(each)), each)))
  holds(uint8, fc.nat(255))
  holds(uint32, fc.integer({ min: 0, max: 0xffffffff }))
  holds(ipv4, address)
  holds(ipv4s, fc.array(address, { minLength: 1 }))
  holds(uint8s, fc.array(fc.nat(255), { minLength: 1 }))
  holds(uint16s, fc.array(fc.nat(0xffff), { minLength: 1 }))
  holds(machineId, fc.uuid())
  const subOptions = fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 255 })))
  holds(
    encapsulated,
    subOptions.map((entries) => new Map(entries))
  )
})

test('a sub-option is not split: what is too long for it cannot be written', (t) => {
  t.throws(() => encapsulated.write(new Map([[1, new Uint8Array(256)]])), { instanceOf: RangeError })
})

test('an option that is absent is undefined; one that is malformed is an error that names it', (t) => {
  t.is(read(new Map(), OPTION.leaseTime), undefined)
  t.is(read(new Map([entry(OPTION.leaseTime, 60)]), OPTION.leaseTime), 60)
  t.throws(() => read(new Map([[51, fromHex('0e10')]]), OPTION.leaseTime), {
    instanceOf: MalformedPacket,
    code: 'option-value',
    message: 'option 51 (lease time): 4 bytes wanted, 2 left'
  })
})

test('an option that an answer can do without is left out when it is malformed, and the reason told', (t) => {
  const reasons: string[] = []
  const options = new Map([[97, fromHex('02')]])
  t.is(
    readIfValid(options, OPTION.machineId, (error) => reasons.push(error.message)),
    undefined
  )
  t.deepEqual(reasons, ['option 97 (client machine identifier): type 2; only 0, a GUID, is defined'])
})

test('no two rows of the table have the same code or name', (t) => {
  const options = Object.values(OPTION)
  t.is(new Set(options.map(({ code }) => code)).size, options.length)
  t.is(new Set(options.map(({ name }) => name)).size, options.length)
})

test('sub-options of the relay agent are read by the same rules', (t) => {
  const information = encapsulated.read(fromHex('0103627231 1300 0504 0a580001'))
  t.true(read(information, RELAY_AGENT.sourcePort))
  t.is(read(information, RELAY_AGENT.linkSelection), parseIpv4('10.88.0.1'))
})
