import test from 'ava'
import fc from 'fast-check'
import { MalformedBytes } from '../../../src/net/bytes.ts'
import type { Option } from '../../../src/net/options/option.ts'
import { IPXE, OPTION, PXE, RELAY_AGENT } from '../../../src/net/options/table.ts'
import { jsonOf } from './arbitrary.ts'

const TABLES = { OPTION, RELAY_AGENT, PXE, IPXE }

for (const [table, options] of Object.entries(TABLES)) {
  test(`${table}: no two options have the same name, or code but for 43, which PXE has a form of its own for`, (t) => {
    const all: readonly Option<unknown>[] = Object.values(options)
    t.is(new Set(all.map(({ name }) => name)).size, all.length)
    const codes = all.filter((each) => each !== OPTION.pxe).map(({ code }) => code)
    t.is(new Set(codes).size, codes.length)
    t.true(codes.every((code) => code >= 1 && code <= 254))
  })

  for (const option of Object.values<Option<unknown>>(options)) {
    const { code, name, kind } = option

    test(`${table}: ${code} ${name}: what is written is read again, as bytes and by people`, (t) => {
      t.regex(name, /^[a-z][a-z0-9-]*$/)
      fc.assert(
        fc.property(jsonOf(option), (json) => {
          const value = kind.parse(json)
          t.deepEqual(kind.read(kind.write(value)), value)
          t.deepEqual(kind.parse(kind.print(value)), value)
        })
      )
    })

    test(`${table}: ${code} ${name}: any bytes are of the kind or malformed; printed, they harm no terminal`, (t) => {
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array(), almost(option)), (bytes) => {
          const value = readable(option, bytes)
          t.false(value !== undefined && steers(kind.print(value)))
          if (value !== undefined) t.deepEqual(kind.read(kind.write(value)), value)
        })
      )
    })
  }
}

/** A written value with one byte changed, and its end cut off. */
function almost(option: Option<unknown>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(jsonOf(option), fc.nat(), fc.nat(255), fc.integer({ min: 1, max: 255 }))
    .map(([json, at, byte, length]) => {
      const bytes = option.kind.write(option.kind.parse(json))
      return bytes.map((each, index) => (index === at % bytes.length ? byte : each)).subarray(0, length)
    })
}

/** Whether a text in the JSON has characters that aren't printable ASCII. */
function steers(json: unknown): boolean {
  return /[^ -~]|\\[bfnrtu]/.test(JSON.stringify(json).replaceAll('\\\\', ''))
}

function readable({ kind }: Option<unknown>, bytes: Uint8Array): unknown {
  try {
    return kind.read(bytes)
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}
