import type { Statements } from './database.ts'

const KEY = 'op_acknowledged'

/** What the other instance has of this one's ops. */
export class PeerKnowledge {
  readonly #statements: Statements
  /** The last that it has; undefined where there is no other instance. */
  #acknowledged: number | undefined
  /** By machine, the last op about its interfaces that it may not have. */
  readonly #unshared = new Map<string, number>()

  constructor(statements: Statements) {
    this.#statements = statements
  }

  get acknowledged(): number | undefined {
    return this.#acknowledged
  }

  /** It has this instance's ops up to a number on disk. @param origin this instance's. */
  acknowledge(seq: number, origin: string): void {
    if (this.#acknowledged === undefined) this.#findUnshared(seq, origin)
    else if (seq < this.#acknowledged) return
    this.#acknowledged = seq
    for (const [machine, last] of this.#unshared) if (last <= seq) this.#unshared.delete(machine)
  }

  /** There is no other instance any more, or this one begins anew. */
  forget(): void {
    this.#acknowledged = undefined
    this.#unshared.clear()
    this.#statements.get('DELETE FROM meta WHERE key = ?').run(KEY)
  }

  /** Takes note of an op about a machine's interfaces. */
  wrote(machine: string, seq: number): void {
    if (this.#acknowledged !== undefined) this.#unshared.set(machine, seq)
  }

  /** Whether it has a machine's interfaces as they are; true where there is no other instance. */
  has(machine: string): boolean {
    return !this.#unshared.has(machine)
  }

  /** Keeps how far it has come, for a restart. */
  keep(): void {
    if (this.#acknowledged === undefined) return
    this.#statements.get('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(KEY, String(this.#acknowledged))
  }

  /** What was kept; 0: nothing. */
  get kept(): number {
    const row = this.#statements.get('SELECT value FROM meta WHERE key = ?').get(KEY)
    return Number((row as { value: string } | undefined)?.value ?? 0)
  }

  #findUnshared(acknowledged: number, origin: string): void {
    const rows = this.#statements
      .get(
        `SELECT key, max(seq) AS seq FROM op
         WHERE origin = ? AND seq > ? AND entity = 'machine' AND field = 'interfaces' GROUP BY key`
      )
      .all(origin, acknowledged) as { key: string; seq: number }[]
    for (const { key, seq } of rows) this.#unshared.set(key, seq)
  }
}
