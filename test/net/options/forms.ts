import test from 'ava'
import { MalformedBytes } from '../../../src/net/bytes.ts'
import type { Kind } from '../../../src/net/options/kinds.ts'

/** One value in its forms. */
export type Forms<T> = {
  readonly value: T
  readonly bytes: Uint8Array
  /** The canonical one. */
  readonly json: unknown
  /** Others that people may write for the same. */
  readonly also?: readonly unknown[]
}

/** Declares tests: the value is read from its bytes and JSON, and written as them. */
export function holds<T>(kind: Kind<T>, { value, bytes, json, also = [] }: Forms<T>): void {
  test(`${kind.name}: ${JSON.stringify(json)} is ${Buffer.from(bytes).toString('hex') || 'no bytes'}`, (t) => {
    t.deepEqual(kind.read(bytes), value)
    t.deepEqual(kind.write(value), bytes)
    t.deepEqual(kind.print(value), json)
    for (const each of [json, ...also]) t.deepEqual(kind.parse(each), value, JSON.stringify(each))
  })
}

/** Declares tests: the bytes, in hexadecimal, aren't of the kind. */
export function malformed(kind: Kind<unknown>, ...wrong: string[]): void {
  for (const hex of wrong) {
    test(`${kind.name}: the bytes ${hex || '(none)'} are malformed`, (t) => {
      t.throws(() => kind.read(fromHex(hex)), { instanceOf: MalformedBytes })
    })
  }
}

/** Declares tests: what somebody wrote isn't of the kind, and the message says what would be right. */
export function refused(kind: Kind<unknown>, ...wrong: readonly [json: unknown, message: string][]): void {
  for (const [json, message] of wrong) {
    test(`${kind.name}: ${JSON.stringify(json)} is refused`, (t) => {
      t.throws(() => kind.parse(json), { instanceOf: TypeError, message })
    })
  }
}

/** Spaces are for the reader. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

/** The bytes of some texts and numbers, one after the other. */
export function bytesOf(...parts: (number | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')]))
  )
}
