import type { Statements } from './database.ts'
import { DELETED } from './merge.ts'
import type { Op } from './oplog.ts'
import { STAGES, type Stage } from './stages.ts'
import { writeRow } from './tables.ts'

/**
 * Applies a row that the other instance wrote. Tokens and events are written once. An attempt is reported on to either
 * instance: the stage that got furthest stays. One that is gone here, or whose machine is, isn't brought back by a report.
 */
export function mergeRow(statements: Statements, op: Op): void {
  if (op.entity !== 'attempt' || op.field === DELETED) {
    writeRow(statements, op)
    return
  }
  const row = JSON.parse(op.value) as Progress & { machine: string }
  const before = statements.get('SELECT stage, updated_at, message FROM attempt WHERE id = ?').get(op.key) as
    | Progress
    | undefined
  if (before === undefined) {
    const machine = statements.get('SELECT 1 FROM machine WHERE name = ?').get(row.machine)
    if (machine === undefined || row.stage !== 'offered') return
  } else if (!isFurther(row, before)) return
  writeRow(statements, op)
}

type Progress = { readonly stage: string; readonly updated_at: number; readonly message: string }

/** Of two reports of one stage the later counts; of those of one time either, as long as it is the same on both. */
function isFurther(row: Progress, before: Progress): boolean {
  const [one, other] = [row, before].map(({ stage }) => STAGES.indexOf(stage as Stage)) as [number, number]
  if (one !== other) return one > other
  return row.updated_at === before.updated_at ? row.message > before.message : row.updated_at > before.updated_at
}
