import type { Db } from './database.ts'
import type { Change } from './oplog.ts'

/** What happened: a step of a boot, or an administrator's change. */
export type Event = {
  id: number
  /** Milliseconds since the epoch. */
  time: number
  /** `dhcp`, `tftp`, `http`, `boot` (a decision, a callback), `inventory` (an edit), `daemon`. */
  type: string
  /** Who did it, for edits: an API token's name. */
  actor: string | null
  machine: string | null
  mac: string | null
  address: string | null
  attempt: string | null
  message: string
}

export type EventInput = Partial<Omit<Event, 'id' | 'time'>> & { type: string; message: string }

/** The event as a change for the op-log. */
export function eventChange(time: number, event: EventInput): Change {
  return { entity: 'event', key: '', field: 'row', value: { ...event, time } }
}

/** How many events are kept; the oldest go first. */
const KEPT = 50_000
/** Of these, what nobody known has to do with: a flood of made-up clients takes no more room. */
const STRANGERS_KEPT = 10_000

export type EventFilter = {
  machine?: string | undefined
  mac?: string | undefined
  type?: string | undefined
  /** Only later ones than this id. */
  after?: number | undefined
  /** At most so many: the latest, or with `after` the next. */
  limit: number
}

/** Reads the events, oldest first: by time, for the steps of boots are written a moment after they happened. */
export class Events {
  readonly #db: Db

  constructor(db: Db) {
    this.#db = db
  }

  /** The id of the last one; 0 where there is none. */
  latest(): number {
    return this.#db.prepare('SELECT coalesce(max(id), 0) FROM event').pluck().get() as number
  }

  list(filter: EventFilter): Event[] {
    const order = filter.after === undefined ? 'DESC' : 'ASC'
    const rows = this.#db
      .prepare(
        `SELECT * FROM event
         WHERE id > @after AND (@machine IS NULL OR machine = @machine)
           AND (@mac IS NULL OR mac = @mac) AND (@type IS NULL OR type = @type)
         ORDER BY id ${order} LIMIT @limit`
      )
      .all({
        after: filter.after ?? 0,
        machine: filter.machine ?? null,
        mac: filter.mac ?? null,
        type: filter.type ?? null,
        limit: filter.limit
      }) as Event[]
    return rows.sort((a, b) => a.time - b.time || a.id - b.id)
  }
}

/** Drops the oldest beyond what is kept, strangers' first. */
export function trimEvents(db: Db): void {
  trim(db, "machine IS NULL AND actor IS NULL AND type <> 'daemon'", STRANGERS_KEPT)
  trim(db, 'TRUE', KEPT)
}

function trim(db: Db, which: string, kept: number): void {
  const newest = `SELECT id FROM event WHERE ${which} ORDER BY id DESC LIMIT 1 OFFSET ?`
  db.prepare(`DELETE FROM event WHERE id <= (${newest}) AND ${which}`).run(kept)
}
