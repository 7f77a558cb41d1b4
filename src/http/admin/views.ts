import { stateOf } from '../../inventory/lifecycle.ts'
import type { Entities, EntityKind, Machine } from '../../inventory/model.ts'
import { SCHEMAS } from './writers.ts'

/** What REST shows and does not take: dropped from bodies, so that what was read can be edited and put back. */
const READ_ONLY = ['state', 'generation', 'facts', 'replicated'] as const

/** An entity as REST shows it: absent values left out, a machine's life as its state. */
export function viewOf(kind: EntityKind, entity: Entities[EntityKind]): Record<string, unknown> {
  const values = entity as Record<string, unknown>
  // In the schema's order: an export is the same text whenever it is made.
  const fields = Object.keys(SCHEMAS[kind].properties)
  const shown = present(Object.fromEntries(fields.map((field) => [field, values[field] ?? null])))
  if (kind !== 'machine') return shown
  const { life, interfaces, facts } = entity as Machine
  return {
    ...shown,
    interfaces: interfaces.map(present),
    facts,
    state: stateOf(life),
    generation: life.generation.counter
  }
}

/** An entity as it would be written: what a later PUT or `apply` of it takes. */
export function inputOf(kind: EntityKind, entity: Entities[EntityKind]): Record<string, unknown> {
  return withoutReadOnly(viewOf(kind, entity)) as Record<string, unknown>
}

export function withoutReadOnly(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  return Object.fromEntries(Object.entries(body).filter(([field]) => !(READ_ONLY as readonly string[]).includes(field)))
}

function present(entity: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entity).filter(([, value]) => value !== null))
}
