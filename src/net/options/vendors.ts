import { MalformedBytes } from '../bytes.ts'
import { counted, record, sequence } from './composites.ts'
import { bytes } from './hex.ts'
import type { Kind } from './kinds.ts'
import { uint32 } from './numbers.ts'
import { fieldsOf, parseParts } from './parsing.ts'

const block = record({ enterprise: uint32, data: counted(bytes) })
const blocks = sequence(block, (rest) => 5 + (rest[4] ?? 0))

/** Data for clients of some vendors, by IANA's enterprise number (RFC 3925). People write it as `{343: 0x0102}`. */
export const vendors: Kind<ReadonlyMap<number, Uint8Array>> = {
  name: 'hex by enterprise number',
  read(value) {
    const read = blocks.read(value)
    const data = new Map(read.map((each) => [each.enterprise, each.data]))
    if (data.size < read.length) throw new MalformedBytes('an enterprise number is there twice')
    return data
  },
  write: (data) => blocks.write(Array.from(data, ([enterprise, each]) => ({ enterprise, data: each }))),
  parse(json) {
    const written = Object.entries(fieldsOf(json, 'hex by enterprise number, like {"343": "0x0102"}'))
    if (written.length === 0) throw new TypeError('must have at least one enterprise number')
    const parts = written.map(
      ([key, data]) => [key, { enterprise: /^\d+$/.test(key) ? Number(key) : key, data }] as const
    )
    return new Map(parseParts(parts, block.parse).map(({ enterprise, data }) => [enterprise, data]))
  },
  print: (data) => Object.fromEntries(Array.from(data, ([enterprise, each]) => [enterprise, bytes.print(each)]))
}
