import { Type } from 'typebox'
import type { Event } from '../../inventory/events.ts'
import { macOf } from '../mac.ts'
import { problem, sendProblem } from '../problem.ts'
import type { AdminApp } from './app.ts'
import { type EventView, eventStream } from './event-stream.ts'
import type { AdminOptions } from './server.ts'
import { isOf } from './transfers.ts'

const LIMIT = 200
const MAX_LIMIT = 10_000
const MOST_STREAMS = 64
/** The type of what isn't kept: how far transfers are. */
const PROGRESS = 'progress'
const number = Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' }))
const text = Type.Optional(Type.String())

/** `/events`: what happened; with `Accept: text/event-stream`, also what happens. */
export function journalRoutes(app: AdminApp, { events, transfers }: AdminOptions): void {
  let streams = 0
  const querystring = Type.Object(
    { machine: text, mac: text, type: text, after: number, limit: number },
    { additionalProperties: false }
  )
  const description =
    'The latest events, oldest first; with `after`, the next ones after that id. With `Accept: text/event-stream` they go on as ' +
    'they happen (`event: event`, resumed after `Last-Event-ID`), and transfers of boot files with them (`event: progress`); type ' +
    '`progress` gives these alone.'
  app.get('/events', { schema: { tags: ['events'], querystring, description } }, (request, reply) => {
    const { machine, type, after, limit } = request.query
    const mac = request.query.mac === undefined ? undefined : macOf(request.query.mac)
    const filter = { machine, mac, type }
    const listed = (from: number | undefined, most: number) =>
      events.list({ ...filter, after: from, limit: Math.min(most, MAX_LIMIT) }).map(eventView)
    if (!request.headers.accept?.includes('text/event-stream')) {
      return { items: listed(after === undefined ? undefined : Number(after), Number(limit ?? LIMIT)) }
    }
    if (streams >= MOST_STREAMS) {
      return sendProblem(reply, problem('too-many', `${MOST_STREAMS} streams of events are open already`))
    }
    const resumed = request.headers['last-event-id'] ?? after
    const stream = eventStream({
      events: (from, most) => (type === PROGRESS ? [] : listed(from, most)),
      latest: () => events.latest(),
      transfers: () =>
        type === undefined || type === PROGRESS ? transfers.list().filter((each) => isOf(each, machine, mac)) : [],
      after: /^[0-9]{1,15}$/.test(String(resumed)) ? Number(resumed) : events.latest()
    })
    streams += 1
    stream.once('close', () => {
      streams -= 1
    })
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream)
  })
}

function eventView({ time, ...event }: Event): EventView {
  const present = Object.entries(event).filter(([, value]) => value !== null)
  return { ...Object.fromEntries(present), id: event.id, time: new Date(time).toISOString() }
}
