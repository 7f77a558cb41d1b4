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
  const row = JSON.parse(op.value) as { machine: string; stage: string; updated_at: number }
  const before = statements.get('SELECT stage, updated_at FROM attempt WHERE id = ?').get(op.key) as
    | { stage: string; updated_at: number }
    | undefined
  if (before === undefined) {
    const machine = statements.get('SELECT 1 FROM machine WHERE name = ?').get(row.machine)
    if (machine === undefined || row.stage !== 'offered') return
  } else if (!isFurther(row, before)) return
  writeRow(statements, op)
}

/** Of two reports of one stage the later counts. */
function isFurther(row: { stage: string; updated_at: number }, before: { stage: string; updated_at: number }): boolean {
  const [one, other] = [row, before].map(({ stage }) => STAGES.indexOf(stage as Stage)) as [number, number]
  return one === other ? row.updated_at > before.updated_at : one > other
}
