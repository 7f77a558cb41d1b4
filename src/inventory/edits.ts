import { DELETED } from './merge.ts'
import type { EntityKind } from './model.ts'
import type { Change } from './oplog.ts'
import { fieldsOf } from './tables.ts'

/** One edit of an entity, for the audit, a dry run and the log. */
export type Edit = {
  kind: EntityKind
  key: string
  action: 'create' | 'change' | 'delete'
  fields: { field: string; before: unknown; after: unknown }[]
}

/** What makes of an entity another; undefined where that is no change. @param after null where it will be gone. */
export function editOf(
  kind: EntityKind,
  key: string,
  before: object | undefined,
  after: object | null
): Edit | undefined {
  if (after === null) return before && { kind, key, action: 'delete', fields: [] }
  const fields = fieldsOf(kind)
    .map((field) => ({ field, before: fieldOf(before, field), after: fieldOf(after, field) }))
    .filter((each) => !before || JSON.stringify(each.before) !== JSON.stringify(each.after))
  if (!before) return { kind, key, action: 'create', fields }
  return fields.length > 0 ? { kind, key, action: 'change', fields } : undefined
}

/** The same as the log writes it. */
export function changesOf({ kind, key, action, fields }: Edit): Change[] {
  if (action === 'delete') return [{ entity: kind, key, field: DELETED, value: true }]
  return fields.map(({ field, after }) => ({ entity: kind, key, field, value: after }))
}

function fieldOf(entity: object | undefined, field: string): unknown {
  return (entity as Record<string, unknown> | undefined)?.[field]
}
