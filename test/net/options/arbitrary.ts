import fc from 'fast-check'
import { ipv4FromNumber } from '../../../src/net/ipv4.ts'
import type { Kind } from '../../../src/net/options/kinds.ts'
import type { Option } from '../../../src/net/options/option.ts'
import { IPXE, OPTION, PXE, RELAY_AGENT } from '../../../src/net/options/table.ts'

const address = fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber)
const network = fc
  .tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 32 }))
  .map(([value, prefix]) => `${ipv4FromNumber(value - (value % 2 ** (32 - prefix)))}/${prefix}`)
const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
const hex = fc.uint8Array({ maxLength: 40 }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)
const label = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}[A-Za-z0-9_]$/)
/** Often of the same labels, so that there is something to compress. */
const domainName = fc
  .array(fc.oneof(label, fc.constantFrom('lab', 'example')), { minLength: 1, maxLength: 5 })
  .map((labels) => labels.join('.'))
/** So many of the longest items, records among them, still fit into the 255 bytes of a sub-option. */
const oneOrMore = <T>(item: fc.Arbitrary<T>, most = 8) => fc.array(item, { minLength: 1, maxLength: most })

/** What people may write, by the kind's name. */
const BY_KIND: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  uint8: fc.nat(0xff),
  int8: fc.integer({ min: -0x80, max: 0x7f }),
  uint16: fc.nat(0xffff),
  uint32: fc.nat(0xffffffff),
  int32: fc.integer(),
  flag: fc.boolean(),
  presence: fc.constant(true),
  'IPv4 address': address,
  network,
  text: printable,
  hex,
  'text or hex': fc.oneof(
    printable.filter((each) => !each.startsWith('0x')),
    hex
  ),
  'machine id': fc.uuid(),
  'list of domain names': oneOrMore(domainName),
  'list of domain names or of IPv4 addresses': fc.oneof(oneOrMore(domainName), oneOrMore(address)),
  'hex by enterprise number': fc.dictionary(fc.nat(0xffffffff).map(String), hex, { minKeys: 1, maxKeys: 4 })
}

/** Options by the code of what they are inside of. */
const INSIDE: Readonly<Record<number, Readonly<Record<string, Option<unknown>>>>> = {
  [OPTION.pxe.code]: PXE,
  [OPTION.relayAgent.code]: RELAY_AGENT,
  [OPTION.ipxe.code]: IPXE
}

/** JSON of an option that people may write. */
export function jsonOf({ code, kind }: Option<unknown>): fc.Arbitrary<unknown> {
  return kind.name === 'sub-options' ? subOptionsJson(Object.values(INSIDE[code] ?? {})) : kindJson(kind.name)
}

/** Some of an object's properties, at least one. */
function subOptionsJson(options: readonly Option<unknown>[]): fc.Arbitrary<unknown> {
  const settable = options.filter(({ reserved }) => reserved === undefined)
  return fc
    .record(Object.fromEntries(settable.map((each) => [each.name, jsonOf(each)])), { requiredKeys: [] })
    .filter((json) => Object.keys(json).length > 0)
}

/** Kinds that are made of others tell so: `list of {type: uint16, text: text}`. */
function kindJson(name: Kind<unknown>['name']): fc.Arbitrary<unknown> {
  const known = BY_KIND[name]
  if (known !== undefined) return known
  const item = /^list of (.+)$/.exec(name)?.[1]
  if (item !== undefined) return oneOrMore(kindJson(item), item.startsWith('{') ? 5 : 8)
  const fields = /^\{(.+)\}$/.exec(name)?.[1]
  if (fields === undefined) throw new Error(`nobody said what people may write for the kind ${name}`)
  const entries = fields.split(', ').map((field) => field.split(': ') as [string, string])
  return fc.record(Object.fromEntries(entries.map(([field, kind]) => [field, kindJson(kind)])))
}
