import { eventChange } from '../inventory/events.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Op } from '../inventory/oplog.ts'

type AttemptRow = { readonly id: string; readonly machine: string; readonly mac: string; readonly stage: string }

/**
 * Finds attempts whose token was used at both instances while they were apart: each has a report of its own that the other one didn't know
 * of. Nothing is wrong with the attempt, whose furthest stage counts; but who looks for what happened should read of it.
 */
export class DoubleUse {
  readonly #inventory: Inventory
  /** The attempts that were reported on here meanwhile. */
  readonly #here: Set<string>

  /** @param known the last of this instance's ops that the other one had when the two met again. */
  constructor(inventory: Inventory, known: number) {
    this.#inventory = inventory
    this.#here = new Set(
      inventory.log
        .writtenSince(known, 'attempt')
        .filter(isReport)
        .map(({ key }) => key)
    )
  }

  /** @param ops those that the other instance wrote meanwhile. */
  found(ops: readonly Op[], now: number): void {
    for (const op of ops) {
      if (!isReport(op) || !this.#here.delete(op.key)) continue
      const { id, machine, mac } = JSON.parse(op.value) as AttemptRow
      const message = `attempt ${id} was reported on at both instances while they were apart: its token was used twice`
      // A disk that is full is told of by what can't do without it.
      this.#inventory.write([eventChange(now, { type: 'boot', machine, mac, attempt: id, message })]).catch(() => {})
    }
  }
}

/** A row that tells of more than that a script was handed out; a deletion has no stage. */
function isReport({ entity, value }: Op): boolean {
  if (entity !== 'attempt') return false
  const { stage } = JSON.parse(value) as Partial<AttemptRow>
  return stage !== undefined && stage !== 'offered'
}
