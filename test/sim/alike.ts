import { isDeepStrictEqual } from 'node:util'
import { ENTITY_KINDS } from '../../src/inventory/model.ts'
import { dump } from '../support/inventory.ts'
import type { Node } from './node.ts'

type Row = Record<string, unknown>

/** In what two instances differ that have to be alike, on their disks and in their memories; undefined: in nothing. */
export function difference(one: Node, other: Node): { what: string; one: unknown; other: unknown } | undefined {
  const pairs = [diskOf, memoryOf].map((look) => [look(one), look(other)] as const)
  for (const [a, b] of pairs) {
    for (const what of Object.keys(a)) {
      if (!isDeepStrictEqual(a[what], b[what])) return { what, one: a[what], other: b[what] }
    }
  }
  return undefined
}

/** Leases but for what each says of itself. */
function diskOf({ db }: Node): Record<string, unknown> {
  const {
    role,
    machine,
    image,
    interface: interfaces,
    subnet,
    field_version,
    document,
    attempt,
    token,
    lease
  } = dump(db)
  const leases = (lease as Row[]).map(({ address, mac, state, version }) => ({ address, mac, state, version }))
  return {
    role,
    machine,
    image,
    interfaces: sorted((interfaces as Row[]).map(({ id: _, ...row }) => row)),
    subnet,
    field_version,
    document: (document as { fields: string }[]).map((row) => ({ ...row, fields: JSON.parse(row.fields) })),
    attempt,
    token,
    leases
  }
}

function memoryOf({ parts }: Node): Record<string, unknown> {
  const { inventory } = parts
  const lists = ENTITY_KINDS.map((kind) => [`${kind} in memory`, sorted([...inventory.list(kind)])])
  return { ...Object.fromEntries(lists), disputes: sorted(inventory.disputes()) }
}

function sorted<T>(values: readonly T[]): readonly T[] {
  return values.toSorted((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1))
}
