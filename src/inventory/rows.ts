import type { Statements } from './database.ts'
import { DELETED } from './merge.ts'
import type { Op } from './oplog.ts'
import { STAGES, type Stage } from './stages.ts'
import { writeRow } from './tables.ts'

/**
 * Applies a row that the other instance wrote. Tokens and events are written once. An attempt is reported on to either
 * instance: the stage that got furthest stays. One that is gone here isn't brought back by a report, nor by a token.
 * Nothing but the rows counts, so that both make the same of them in whichever order their writes meet.
 */
export function mergeRow(statements: Statements, op: Op): void {
  if (op.field === DELETED || isWanted(statements, op)) writeRow(statements, op)
}

function isWanted(statements: Statements, { entity, key, value }: Op): boolean {
  const attempt = statements.get('SELECT stage, updated_at, message FROM attempt WHERE id = ?')
  if (entity === 'token') {
    const { kind, attempt: id } = JSON.parse(value) as { kind: string; attempt: string | null }
    return kind !== 'attempt' || attempt.get(id) !== undefined
  }
  if (entity !== 'attempt') return true
  const row = JSON.parse(value) as Progress
  const before = attempt.get(key) as Progress | undefined
  return before === undefined ? row.stage === 'offered' : isFurther(row, before)
}

type Progress = { readonly stage: string; readonly updated_at: number; readonly message: string }

/** Of two reports of one stage the later counts; of those of one time either, as long as it is the same on both. */
function isFurther(row: Progress, before: Progress): boolean {
  const [one, other] = [row, before].map(({ stage }) => STAGES.indexOf(stage as Stage)) as [number, number]
  if (one !== other) return one > other
  return row.updated_at === before.updated_at ? row.message > before.message : row.updated_at > before.updated_at
}
