import { Type } from 'typebox'
import type { Event } from '../../inventory/events.ts'
import { macOf } from '../mac.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

const LIMIT = 200
const MAX_LIMIT = 10_000
const number = Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' }))
const text = Type.Optional(Type.String())

/** `/events`: what happened. */
export function journalRoutes(app: AdminApp, { events }: AdminOptions): void {
  const querystring = Type.Object(
    { machine: text, mac: text, type: text, after: number, limit: number },
    { additionalProperties: false }
  )
  const description = 'The latest events, oldest first; with `after`, the next ones after that id.'
  app.get('/events', { schema: { tags: ['events'], querystring, description } }, (request) => {
    const { machine, mac, type, after, limit } = request.query
    const items = events.list({
      machine,
      mac: mac === undefined ? undefined : macOf(mac),
      type,
      after: after === undefined ? undefined : Number(after),
      limit: Math.min(Number(limit ?? LIMIT), MAX_LIMIT)
    })
    return { items: items.map(eventView) }
  })
}

function eventView({ time, ...event }: Event): Record<string, unknown> {
  const present = Object.entries(event).filter(([, value]) => value !== null)
  return { ...Object.fromEntries(present), time: new Date(time).toISOString() }
}
