import test from 'ava'
import fc from 'fast-check'
import {
  canonicalOptions,
  encodeOptions,
  optionByCode,
  optionByName,
  printOption
} from '../../../src/net/options/configured.ts'
import { OPTION } from '../../../src/net/options/table.ts'
import { jsonOf } from './arbitrary.ts'
import { bytesOf, fromHex } from './forms.ts'

for (const [rule, written, canonical] of [
  ['names stay', { 'ntp-servers': ['10.77.0.1'] }, { 'ntp-servers': ['10.77.0.1'] }],
  ['a code that has a name is the name', { 42: '10.77.0.1' }, { 'ntp-servers': ['10.77.0.1'] }],
  ['so is option- with the code', { 'option-26': 9000 }, { 'interface-mtu': 9000 }],
  [
    'a code without a name stays one, and holds hex',
    { 224: '0a:0b', 'option-225': '0A' },
    { 224: '0x0a0b', 225: '0x0a' }
  ],
  [
    'null stays, by name or code',
    { 'ntp-servers': null, 66: null, 224: null, pxe: null },
    {
      224: null,
      'ntp-servers': null,
      'tftp-server-name': null,
      pxe: null
    }
  ],
  ['43 is hex', { 43: '0601' }, { 'vendor-encapsulated-options': '0x0601' }],
  ['or PXE', { pxe: { 6: 8 } }, { pxe: { 'discovery-control': 8 } }],
  ['values take their one form', { 'domain-search': 'lab.example.org.' }, { 'domain-search': ['lab.example.org'] }],
  ['nothing is nothing', {}, {}]
] as const) {
  test(`canonical: ${rule}`, (t) => {
    t.deepEqual(canonicalOptions(written), { options: canonical, errors: [] })
  })
}

for (const [rule, written, ...errors] of [
  [
    'unknown',
    { 'dns-servers': 1 },
    ['dns-servers', 'is not an option that Tandem knows; write its code (224) and its value in hex']
  ],
  ['misspelt', { 'ntp-server': 1 }, ['ntp-server', 'is not an option that Tandem knows; did you mean ntp-servers?']],
  ['in short', { mtu: 1 }, ['mtu', 'is not an option that Tandem knows; did you mean interface-mtu?']],
  ['of capitals', { Routers: 1 }, ['Routers', 'is not an option that Tandem knows; did you mean routers?']],
  [
    'an object of the language',
    { constructor: 1 },
    ['constructor', 'is not an option that Tandem knows; write its code (224) and its value in hex']
  ],
  ['PAD', { 0: '0x00' }, ['0', 'is not a code: options have 1 to 254']],
  ['END', { 'option-255': null }, ['option-255', 'is not a code: options have 1 to 254']],
  ['too great', { 256: '0x00' }, ['256', 'is not a code: options have 1 to 254']],
  ['of a code without hex', { 224: 5 }, ['224', 'must be hex in quotes like "0x0a0b0c", not 5']],
  [
    'there twice',
    { 42: ['10.77.0.1'], 'ntp-servers': [] },
    ['ntp-servers', 'is option 42, and so is 42: give one of them']
  ],
  [
    'both forms of 43',
    { pxe: { 6: 8 }, 'vendor-encapsulated-options': null },
    ['vendor-encapsulated-options', 'is option 43, and so is pxe: give one of them']
  ],
  ['too long', { 224: `0x${'00'.repeat(1025)}` }, ['224', 'has 1025 bytes; an answer has room for 1024']],
  [
    'several',
    { routers: ['a', '10.77.0.1', 'b'], pxe: { 'boot-item': { type: -1 }, 99: 1 } },
    ['routers[0]', '"a" is not an IPv4 address like 10.77.0.10'],
    ['routers[2]', '"b" is not an IPv4 address like 10.77.0.10'],
    ['pxe.99', 'must be hex in quotes like "0x0a0b0c", not 1'],
    ['pxe.boot-item.type', 'must be a whole number from 0 to 65535, not -1'],
    ['pxe.boot-item.layer', 'is missing; it must be a whole number from 0 to 65535']
  ]
] as const) {
  test(`refused, and told where: ${rule}`, (t) => {
    t.deepEqual(
      canonicalOptions(written).errors,
      errors.map(([name, message]) => ({ name, message }))
    )
  })
}

test('what is right is kept beside what is wrong', (t) => {
  const { options, errors } = canonicalOptions({ routers: '10.77.0.1', mtu: 9000 })
  t.deepEqual(options, { routers: ['10.77.0.1'] })
  t.is(errors.length, 1)
})

for (const code of [1, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 77, 82, 93, 94, 97, 118]) {
  test(`option ${code} is not for administrators: by code or name, even null`, (t) => {
    for (const key of [`${code}`, optionByCode(code)?.name as string]) {
      const { options, errors } = canonicalOptions({ [key]: null })
      t.deepEqual(options, {})
      t.regex(errors[0]?.message as string, /^can't be set: ./)
    }
  })
}

test('options are encoded by code; null suppresses', (t) => {
  const { options } = canonicalOptions({
    'ntp-servers': ['10.77.0.1', '10.77.0.2'],
    routers: null,
    pxe: { 'discovery-control': 8 },
    ipxe: { 'no-pxedhcp': 1 },
    224: '0x0a0b'
  })
  t.deepEqual(
    new Map(Array.from(encodeOptions(options)).sort(([a], [b]) => a - b)),
    new Map([
      [3, null],
      [42, fromHex('0a4d0001 0a4d0002')],
      [43, fromHex('060108 ff')],
      [175, fromHex('b00101')],
      [224, fromHex('0a0b')]
    ])
  )
  t.throws(() => encodeOptions({ mtu: 5 }), { instanceOf: TypeError })
})

test('a value may be longer than 255 bytes: the codec splits it (RFC 3396)', (t) => {
  const routers = Array.from({ length: 100 }, (_, index) => `10.77.0.${index}`)
  t.is(encodeOptions(canonicalOptions({ routers }).options).get(3)?.length, 400)
})

test('what is canonical stays so, and its bytes the same', (t) => {
  const settable = Object.values(OPTION).filter((each) => !('reserved' in each) && each !== OPTION.vendorOptions)
  const entries = settable.map((each) => [each.name, fc.option(jsonOf(each))] as const)
  fc.assert(
    fc.property(fc.record(Object.fromEntries(entries), { requiredKeys: [] }), (written) => {
      const { options, errors } = canonicalOptions(written)
      t.deepEqual(errors, [])
      t.deepEqual(canonicalOptions(options), { options, errors: [] })
      t.deepEqual(JSON.parse(JSON.stringify(options)), options)
      const byCode = Object.entries(options).map(([name, value]) => [`${optionByName(name)?.code}`, value])
      if (!('pxe' in options)) t.deepEqual(canonicalOptions(Object.fromEntries(byCode)).options, options)
      for (const [code, bytes] of encodeOptions(options)) {
        const { name, value } = printOption(code, bytes ?? bytesOf(), 'PXEClient')
        if (bytes !== null) t.deepEqual(value, options[name])
      }
    })
  )
})

test('printing any bytes of any option never throws', (t) => {
  fc.assert(
    fc.property(fc.nat(255), fc.uint8Array(), fc.constantFrom('', 'PXEClient'), (code, bytes, vendorClass) => {
      const { name, value } = printOption(code, bytes, vendorClass)
      t.is(typeof name, 'string')
      t.notThrows(() => JSON.stringify(value))
    }),
    { numRuns: 2000 }
  )
})

for (const [code, hex, vendorClass, name, value] of [
  [42, '0a4d0001', '', 'ntp-servers', ['10.77.0.1']],
  [51, '0e10', '', 'dhcp-lease-time', '0x0e10 (malformed: 2 bytes, not 4)'],
  [224, '0a0b', '', '224', '0x0a0b'],
  [0, '', '', '0', '0x'],
  [43, '060108ff', 'PXEClient:Arch:00000', 'pxe', { 'discovery-control': 8 }],
  [43, '060108ff', 'anaconda', 'vendor-encapsulated-options', '0x060108ff'],
  [43, '060208', 'PXEClient', 'pxe', '0x060208 (malformed: sub-option 6 is longer than what is left)']
] as const) {
  test(`option ${code} ${hex} ${vendorClass} is told as ${name}`, (t) => {
    t.deepEqual(printOption(code, fromHex(hex), vendorClass), { name, value })
  })
}

test('options are found by name and by code', (t) => {
  t.is(optionByName('ntp-servers'), OPTION.ntpServers)
  t.is(optionByCode(42), OPTION.ntpServers)
  t.is(optionByName('pxe'), OPTION.pxe)
  t.is(optionByCode(43), OPTION.vendorOptions)
  t.is(optionByName('42'), undefined)
  t.is(optionByCode(224), undefined)
})
