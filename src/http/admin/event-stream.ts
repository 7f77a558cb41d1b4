import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TransferView } from './transfers.ts'

/** An event as REST shows it. */
export type EventView = { readonly id: number; readonly time: string } & Record<string, unknown>

export type StreamSources = {
  /** The next so many events after an id, of those that are wanted. */
  readonly events: (after: number, most: number) => readonly EventView[]
  /** The id of the last event there is, wanted or not. */
  readonly latest: () => number
  readonly transfers: () => readonly TransferView[]
  /** The id that the first event comes after. */
  readonly after: number
}

/** Milliseconds between two looks at what happened. */
const BETWEEN = 500
/** Looks between two words on one transfer. */
const LOOKS = 2
/** Milliseconds of silence after which a comment shows that the stream lives. */
const HEARTBEAT = 15_000
/** Events that are read at once. */
const PIECE = 500

/**
 * What happens, as server-sent events (HTML, section 9.2): `event: event` with the event's id, and `event: progress`, which is
 * not kept and has none. A reader that falls behind is told later, and of the latest progress only: nothing is
 * gathered for it.
 */
export function eventStream(sources: StreamSources): Readable {
  const ending = new AbortController()
  const stream = Readable.from(messages(sources, ending.signal), { objectMode: false, highWaterMark: 65_536 })
  return stream.once('close', () => ending.abort())
}

async function* messages(
  { events, latest, transfers, after }: StreamSources,
  signal: AbortSignal
): AsyncGenerator<string> {
  let last = after
  let silence = 0
  const told = new Map<number, string>()
  yield ': what happens, as it happens\n\n'
  for (let look = 0; !signal.aborted; look += 1) {
    const upTo = latest()
    // By their ids, so that a reader can go on after any of them.
    const news = events(last, PIECE).toSorted((a, b) => a.id - b.id)
    // What isn't wanted isn't looked at twice.
    last = Math.max(last, news.at(-1)?.id ?? 0, news.length < PIECE ? upTo : 0)
    const progress = look % LOOKS === 0 ? changedOf(transfers(), told) : []
    const texts = [
      ...news.map((event) => `event: event\nid: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`),
      ...progress.map((transfer) => `event: progress\ndata: ${JSON.stringify(transfer)}\n\n`)
    ]
    silence = texts.length > 0 ? 0 : silence + BETWEEN
    if (texts.length > 0) yield texts.join('')
    else if (silence % HEARTBEAT === 0) yield ': nothing new\n\n'
    if (news.length < PIECE) await sleep(BETWEEN, undefined, { signal, ref: false }).catch(() => {})
  }
}

/** Those that are further than they were told to be. */
function changedOf(transfers: readonly TransferView[], told: Map<number, string>): TransferView[] {
  const now = new Map(transfers.map((each) => [each.number, `${each.bytes} ${each.state}`]))
  const changed = transfers.filter(({ number }) => told.get(number) !== now.get(number))
  told.clear()
  for (const [number, text] of now) told.set(number, text)
  return changed
}
