import test from 'ava'
import { MalformedBytes } from '../../../src/net/bytes.ts'
import { domainNames, plainDomainNames } from '../../../src/net/options/domains.ts'
import { bytesOf, fromHex, holds, malformed, refused } from './forms.ts'

// RFC 3397, section 3: the second name ends with a pointer to byte 4, where `apple.com` begins.
holds(domainNames, {
  value: ['eng.apple.com', 'marketing.apple.com'],
  bytes: bytesOf(3, 'eng', 5, 'apple', 3, 'com', 0, 9, 'marketing', 0xc0, 4),
  json: ['eng.apple.com', 'marketing.apple.com'],
  also: [['eng.apple.com.', 'marketing.apple.com.']]
})
// A name that stood before is a pointer alone.
holds(domainNames, {
  value: ['example.org', 'example.org'],
  bytes: bytesOf(7, 'example', 3, 'org', 0, 0xc0, 0),
  json: ['example.org', 'example.org']
})
holds(domainNames, { value: ['lab'], bytes: bytesOf(3, 'lab', 0), json: ['lab'], also: ['lab'] })
// RFC 3361, section 3.1: no compression.
holds(plainDomainNames, {
  value: ['a.org', 'b.org'],
  bytes: bytesOf(1, 'a', 3, 'org', 0, 1, 'b', 3, 'org', 0),
  json: ['a.org', 'b.org']
})

test('a pointer may lead to where a pointer is, and to the end of a compressed name', (t) => {
  const first = bytesOf(1, 'a', 3, 'org', 0)
  t.deepEqual(domainNames.read(bytesOf(...first, 1, 'b', 0xc0, 2, 0xc0, 9, 1, 'c', 0xc0, 7)), [
    'a.org',
    'b.org',
    'org',
    'c.b.org'
  ])
})

for (const [rule, bytes] of [
  ['a pointer to itself', bytesOf(0xc0, 0)],
  ['a pointer to the name that it ends', bytesOf(1, 'a', 0xc0, 0)],
  ['pointers to each other', bytesOf(0xc0, 2, 0xc0, 0)],
  ['a pointer forward', bytesOf(0xc0, 2, 1, 'a', 0)],
  ['a pointer into a label', bytesOf(3, 'lab', 0, 0xc0, 1)],
  ['a pointer to an end', bytesOf(1, 'a', 0, 0xc0, 2)],
  ['a pointer past the end', bytesOf(1, 'a', 0, 0xff, 0xff)],
  ['half a pointer', bytesOf(1, 'a', 0, 0xc0)],
  ['a label that is cut off', bytesOf(4, 'lab')],
  ['a name without an end', bytesOf(3, 'lab')],
  ['the root', bytesOf(0)],
  ['a kind of label that nobody defined', bytesOf(0x41, 'a'.repeat(65), 0)],
  ['a dot in a label', bytesOf(3, 'a.b', 0)],
  ['a control character', bytesOf(3, 'a\x1bb', 0)],
  ['a name of 255 characters', bytesOf(...Array.from({ length: 128 }, () => [1, 'a']).flat(), 0)],
  ['a name that pointers make too long', bytesOf(...Array.from({ length: 9 }, growing).flat())]
] as const) {
  test(`RFC 1035, section 4.1.4: ${rule} is malformed`, (t) => {
    t.throws(() => domainNames.read(bytes), { instanceOf: MalformedBytes })
  })
}

/** A name of 30 characters more than the one before it. */
function growing(_: unknown, index: number): (number | string)[] {
  return index === 0 ? [29, 'a'.repeat(29), 0] : [29, 'a'.repeat(29), 0xc0, index === 1 ? 0 : 31 + 32 * (index - 2)]
}

test('thousands of pointers cost no more than their bytes', (t) => {
  const long = bytesOf(...Array.from({ length: 126 }, () => [1, 'a']).flat(), 0)
  const pointers = Array.from({ length: 4000 }, () => [0xc0, 0]).flat()
  t.is(domainNames.read(bytesOf(...long, ...pointers)).length, 4001)
})

test('past what a pointer can lead to, names are written whole', (t) => {
  const names = Array.from({ length: 1000 }, (_, index) => `host-${index}.rack-${index}.example.org`)
  const again = [...names, ...names.toReversed()]
  t.deepEqual(domainNames.read(domainNames.write(again)), again)
})

malformed(domainNames, '')
const wanted = 'must be a domain name like lab.example.org, not '
refused(
  domainNames,
  ['', `${wanted}""`],
  ['.', `${wanted}"."`],
  ['a..b', `${wanted}"a..b"`],
  ['-a.org', `${wanted}"-a.org"`],
  [['a.org', '10.77.0.1'], `[1]: ${wanted}"10.77.0.1"`],
  [[], 'must be a list of at least one, not []'],
  ['a'.repeat(64), `${wanted}"${'a'.repeat(59)}…`],
  [5, `${wanted}5`]
)
holds(domainNames, {
  value: ['_sip.a_b.org'],
  bytes: fromHex('045f736970 03615f62 036f7267 00'),
  json: ['_sip.a_b.org']
})
