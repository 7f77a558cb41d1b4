import { randomBytes } from 'node:crypto'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Now } from './clock.ts'
import { type Db, Statements } from './database.ts'
import type { Inventory } from './inventory.ts'
import { generationText } from './lifecycle.ts'
import type { Machine } from './model.ts'
import type { Change } from './oplog.ts'
import { STAGES, type Stage } from './stages.ts'
import { hashSecret, newSecret } from './tokens.ts'

export { STAGES, type Stage } from './stages.ts'

/** A machine's power-on that was offered an installer. */
export type Attempt = {
  readonly id: string
  readonly machine: string
  /** As {@link generationText} writes it. */
  readonly generation: string
  readonly mac: Mac
  /** The address the script was fetched from. */
  readonly address: Ipv4
  /** The DHCP handshake that it came from: {@link Leases.handshakeOf}, or one with another server. */
  readonly lease: string
  readonly stage: 'offered' | Stage
  readonly message: string
  readonly createdAt: number
  readonly updatedAt: number
}

type Row = Omit<Attempt, 'createdAt' | 'updatedAt'> & { created_at: number; updated_at: number }

/** How many tokens of an attempt stay valid: one for each time the script was fetched, the latest ones. */
const TOKENS_KEPT = 4
/** How many attempts of a machine are kept for people to read. */
const ATTEMPTS_KEPT = 20

/**
 * Whether an attempt is of the same power-on: a script fetched again under the same DHCP handshake. Without
 * any (empty: it was with another server, unheard) nothing tells, and each time counts, so that no loop goes unseen.
 */
export function isSameBoot(attempt: Attempt, boot: { mac: Mac; lease: string }): boolean {
  return boot.lease !== '' && attempt.mac === boot.mac && attempt.lease === boot.lease
}

export class Attempts {
  readonly #statements: Statements
  readonly #inventory: Inventory
  readonly #now: Now
  /** What good tokens led to, and machines' attempts, since the latest write: looking here takes a hundredth of the time. */
  readonly #bySecret = new Map<string, Attempt>()
  readonly #byMachine = new Map<string, readonly Attempt[]>()
  #readAt = 0

  constructor(db: Db, inventory: Inventory, now: Now) {
    this.#statements = new Statements(db)
    this.#inventory = inventory
    this.#now = now
  }

  /** A machine's attempts, the latest first. */
  list(machine: string): Attempt[] {
    const rows = this.#statements
      .get('SELECT * FROM attempt WHERE machine = ? ORDER BY created_at DESC, id DESC')
      .all(machine) as Row[]
    return rows.map(attemptOf)
  }

  /** Those of the machine's present generation, the latest first. */
  ofGeneration(machine: Machine): Attempt[] {
    const generation = generationText(machine.life.generation)
    this.#forgetIfWritten()
    const attempts = this.#byMachine.get(machine.name) ?? this.list(machine.name)
    this.#byMachine.set(machine.name, attempts)
    return attempts.filter((attempt) => attempt.generation === generation)
  }

  /** The attempt that a token belongs to, whatever became of it. */
  byToken(secret: string): Attempt | undefined {
    this.#forgetIfWritten()
    const attempt = this.#bySecret.get(secret) ?? this.#read(secret)
    if (attempt) this.#bySecret.set(secret, attempt)
    return attempt
  }

  #forgetIfWritten(): void {
    const { writes } = this.#inventory
    if (this.#readAt === writes) return
    this.#readAt = writes
    this.#bySecret.clear()
    this.#byMachine.clear()
  }

  #read(secret: string): Attempt | undefined {
    const row = this.#statements
      .get(
        `SELECT attempt.* FROM token JOIN attempt ON attempt.id = token.attempt
         WHERE token.hash = ? AND token.kind = 'attempt'`
      )
      .get(hashSecret(secret)) as Row | undefined
    return row && attemptOf(row)
  }

  /**
   * Mints a token for this boot of a machine, on disk before it returns; the boot's first one
   * starts an attempt.
   */
  async mint(
    machine: Machine,
    boot: { mac: Mac; address: Ipv4; lease: string }
  ): Promise<{ attempt: Attempt; token: string }> {
    const now = this.#now()
    const current = this.ofGeneration(machine).find((attempt) => isSameBoot(attempt, boot))
    const attempt: Attempt = current ?? {
      id: randomBytes(6).toString('hex'),
      machine: machine.name,
      generation: generationText(machine.life.generation),
      ...boot,
      stage: 'offered',
      message: '',
      createdAt: now,
      updatedAt: now
    }
    const token = newSecret()
    const row = {
      id: randomBytes(6).toString('hex'),
      kind: 'attempt',
      hash: hashSecret(token),
      attempt: attempt.id,
      name: '',
      created_at: now
    }
    await this.#inventory.write([
      ...(current ? [] : [attemptChange(attempt), ...this.#forgetOld(machine.name)]),
      { entity: 'token', key: row.id, field: 'row', value: row },
      ...this.#forgetTokens(attempt.id)
    ])
    return { attempt, token }
  }

  /** The change that records a reported stage; none when the attempt is further already, for reports come late and out of order. */
  reported(attempt: Attempt, stage: Stage, message: string): Change[] {
    const { stage: reached } = attempt
    if (reached !== 'offered' && STAGES.indexOf(stage) < STAGES.indexOf(reached)) return []
    // What it takes the place of may be of a clock that is ahead; it is the later one all the same.
    const updatedAt = Math.max(this.#now(), attempt.updatedAt + 1)
    return [attemptChange({ ...attempt, stage, message, updatedAt })]
  }

  #forgetTokens(attempt: string): Change[] {
    const old = 'SELECT id FROM token WHERE attempt = ? ORDER BY created_at DESC LIMIT -1 OFFSET ?'
    return this.#deletions('token', old, attempt, TOKENS_KEPT - 1)
  }

  #forgetOld(machine: string): Change[] {
    const old = 'SELECT id FROM attempt WHERE machine = ? ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?'
    return this.#deletions('attempt', old, machine, ATTEMPTS_KEPT - 1)
  }

  #deletions(entity: string, select: string, owner: string, offset: number): Change[] {
    const rows = this.#statements.get(select).all(owner, offset) as { id: string }[]
    return rows.map(({ id }) => ({ entity, key: id, field: 'deleted', value: true }))
  }
}

function attemptOf({ created_at, updated_at, ...row }: Row): Attempt {
  return { ...row, createdAt: created_at, updatedAt: updated_at }
}

function attemptChange(attempt: Attempt): Change {
  const { createdAt, updatedAt, ...rest } = attempt
  return {
    entity: 'attempt',
    key: attempt.id,
    field: 'row',
    value: { ...rest, created_at: createdAt, updated_at: updatedAt }
  }
}
