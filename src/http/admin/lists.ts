import { type TObject, Type } from 'typebox'
import { stateOf } from '../../inventory/lifecycle.ts'
import { type Entities, type EntityKind, KEY_FIELD, type Machine } from '../../inventory/model.ts'
import { macOf } from '../mac.ts'
import { viewOf } from './views.ts'

const DEFAULT_LIMIT = 1000
const digits = (description: string) => Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$', description }))

/** How long lists are read: by page, and machines by what they are. */
export function listQuery(kind: EntityKind): TObject {
  const paging = {
    limit: digits(`At most so many; default ${DEFAULT_LIMIT}.`),
    offset: digits('Leaves out so many first.')
  }
  if (kind !== 'machine') return Type.Object(paging, { additionalProperties: false })
  const text = Type.Optional(Type.String())
  return Type.Object(
    { ...paging, state: text, role: text, image: text, mac: text, name: text },
    { additionalProperties: false }
  )
}

export type Page = { items: Record<string, unknown>[]; total: number; limit: number; offset: number }

/** The entities that match, by name. `name` matches a part of a machine's name. */
export function page(kind: EntityKind, entities: readonly Entities[EntityKind][], query: Record<string, string>): Page {
  const { limit: limitText, offset: offsetText, mac, ...rest } = query
  const filter = { ...rest, mac: mac === undefined ? undefined : macOf(mac) }
  const limit = Number(limitText ?? DEFAULT_LIMIT)
  const offset = Number(offsetText ?? 0)
  const matching = entities
    .filter((entity) => kind !== 'machine' || matches(entity as Machine, filter))
    .map((entity) => viewOf(kind, entity))
    .sort((a, b) => byKey(kind, a, b))
  return { items: matching.slice(offset, offset + limit), total: matching.length, limit, offset }
}

/** By name; addresses as numbers. */
export function byKey(kind: EntityKind, a: Record<string, unknown>, b: Record<string, unknown>): number {
  const key = KEY_FIELD[kind]
  return String(a[key]).localeCompare(String(b[key]), 'en', { numeric: kind === 'subnet' })
}

function matches(machine: Machine, { state, role, image, mac, name }: Record<string, string | undefined>): boolean {
  return (
    (state === undefined || stateOf(machine.life) === state) &&
    (role === undefined || machine.role === role) &&
    (image === undefined || machine.image === image) &&
    (name === undefined || machine.name.includes(name)) &&
    (mac === undefined || machine.interfaces.some((each) => each.mac === mac))
  )
}
