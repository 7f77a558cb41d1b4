import { concat, MalformedBytes } from '../bytes.ts'
import { checkSize, type FixedKind, type Kind } from './kinds.ts'
import { fieldsOf, parseParts, wrong } from './parsing.ts'

/** Values of a kind. People may write a single one without the list around it. @param least how many there must be. */
export function list<T>(item: FixedKind<T>, least = 1): Kind<readonly T[]> {
  return sequence(item, () => item.size, least)
}

/** Values of a kind that tell their own size. @param sizeOf bytes of the value that these begin with; at least one. */
export function sequence<T>(item: Kind<T>, sizeOf: (rest: Uint8Array) => number, least = 1): Kind<readonly T[]> {
  return {
    name: `list of ${item.name}`,
    read(bytes) {
      const items: T[] = []
      for (let rest = bytes; rest.length > 0; ) {
        const size = sizeOf(rest)
        if (size > rest.length) throw new MalformedBytes(`the last of the list is cut off: ${rest.length} bytes`)
        items.push(item.read(rest.subarray(0, size)))
        rest = rest.subarray(size)
      }
      if (items.length < least) throw new MalformedBytes('the list is empty')
      return items
    },
    write: (items) => concat(items.map((each) => item.write(each))),
    parse: (json) => parseList(json, (each) => item.parse(each), least),
    print: (items) => items.map((each) => item.print(each))
  }
}

/** @throws {TypeError} naming each item that is wrong. */
export function parseList<T>(json: unknown, parse: (item: unknown) => T, least = 1): readonly T[] {
  if (!Array.isArray(json)) return [parse(json)]
  if (json.length < least) throw wrong(json, 'a list of at least one')
  return parseParts(
    json.map((each, index) => [`[${index}]`, each] as const),
    parse
  )
}

type Fields = Readonly<Record<string, Kind<unknown>>>
type FixedFields = Readonly<Record<string, FixedKind<unknown>>>
type Values<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Kind<infer T> ? T : never }

/** Values one after the other. One of them may be of a kind without a fixed size: it takes what the others leave. */
export function record<F extends FixedFields>(fields: F): FixedKind<Values<F>>
export function record<F extends Fields>(fields: F): Kind<Values<F>>
export function record(fields: Fields): Kind<Record<string, unknown>> & { readonly size?: number } {
  const kinds = Object.entries(fields)
  const name = `{${kinds.map(([field, kind]) => `${field}: ${kind.name}`).join(', ')}}`
  const sizes = kinds.map(([, kind]) => (kind as Partial<FixedKind<unknown>>).size)
  const fixed = sizes.reduce((sum: number, size = 0) => sum + size, 0)
  const isFixed = !sizes.includes(undefined)
  return {
    name,
    ...(isFixed && { size: fixed }),
    read(bytes) {
      if (isFixed || bytes.length < fixed) checkSize(bytes, fixed)
      let at = 0
      const values = kinds.map(([field, kind], index) => {
        const start = at
        at += sizes[index] ?? bytes.length - fixed
        return [field, kind.read(bytes.subarray(start, at))] as const
      })
      return Object.fromEntries(values)
    },
    write: (value) => concat(kinds.map(([field, kind]) => kind.write(value[field]))),
    parse(json) {
      const given = fieldsOf(json, name)
      const unknown = Object.keys(given).filter((field) => !Object.hasOwn(fields, field))
      if (unknown.length > 0) throw new TypeError(`must be ${name}; there is no ${unknown.join(', ')}`)
      const parts = kinds.map(([field, kind]) => [field, { field, kind }] as const)
      return Object.fromEntries(parseParts(parts, ({ field, kind }) => [field, kind.parse(given[field])] as const))
    },
    print: (value) => Object.fromEntries(kinds.map(([field, kind]) => [field, kind.print(value[field])]))
  }
}

/** A value after a byte that counts its bytes, or its items of so many bytes each. */
export function counted<T>(kind: Kind<T>, unit = 1): Kind<T> {
  const tooMany = (length: number) =>
    length > 255 * unit && `has ${length / unit} ${unit === 1 ? 'bytes' : 'items'}; there is room for 255`
  return {
    ...kind,
    read: (bytes) => kind.read(bytes.subarray(1)),
    write(value) {
      const bytes = kind.write(value)
      const problem = tooMany(bytes.length)
      if (problem) throw new RangeError(problem)
      return Uint8Array.of(bytes.length / unit, ...bytes)
    },
    parse(json) {
      const value = kind.parse(json)
      const problem = tooMany(kind.write(value).length)
      if (problem) throw new TypeError(problem)
      return value
    }
  }
}
