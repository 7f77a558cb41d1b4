import { Type } from 'typebox'
import { type Conflict, listConflicts, settle } from '../../inventory/conflicts.ts'
import { InventoryError } from '../../inventory/errors.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

const tags = ['pair']

/** What the daemon hands in of its pair. Whatever can't be done is an InventoryError that says why. */
export interface PairControl {
  status(): Record<string, unknown>
  invite(): { code: string; until: number; address: string }
  join(to: { address: string; port: number }, code: string, discard: boolean): Promise<void>
  leave(force: boolean): void
  forget(): Promise<void>
  drain(seconds: number): void
  resume(): void
  partnerDown(fenced: boolean): void
}

const ADDRESS = /^((?:[0-9]{1,3}\.){3}[0-9]{1,3}):([0-9]{1,5})$/

/** The pair: how the two are, and what people can do about it. @param pair undefined where tandem.yaml names none. */
export function pairRoutes(app: AdminApp, { pair, boot }: Pick<AdminOptions, 'pair' | 'boot'>): void {
  const { inventory } = boot.facts
  const needed = (): PairControl => {
    if (pair) return pair
    throw new InventoryError('wrong-state', 'tandem.yaml names no pair: add `pair: {listen, peer}` and start again')
  }

  app.get('/pair', { schema: { tags } }, () => pair?.status() ?? { state: 'SINGLE' })

  app.post('/pair/invite', { schema: { tags } }, () => {
    const { code, until, address } = needed().invite()
    return { code, address, until: new Date(until).toISOString() }
  })

  const Join = Type.Object(
    { address: Type.String(), code: Type.String(), discard: Type.Optional(Type.Boolean()) },
    { additionalProperties: false }
  )
  app.post('/pair/join', { schema: { tags, body: Join } }, async (request) => {
    const { address, code, discard = false } = request.body
    const match = ADDRESS.exec(address)
    if (match === null) {
      throw InventoryError.invalid([{ field: 'address', message: `"${address}" is not an address with a port` }])
    }
    await needed().join({ address: match[1] as string, port: Number(match[2]) }, code, discard)
    return needed().status()
  })

  const Leave = Type.Object({ force: Type.Optional(Type.Boolean()) }, { additionalProperties: false })
  app.post('/pair/leave', { schema: { tags, body: Leave } }, (request) => {
    needed().leave(request.body.force ?? false)
    return needed().status()
  })

  app.post('/pair/forget', { schema: { tags } }, async () => {
    await needed().forget()
    return needed().status()
  })

  const Drain = Type.Object(
    { seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })) },
    { additionalProperties: false }
  )
  app.post('/pair/drain', { schema: { tags, body: Drain } }, (request) => {
    needed().drain(request.body.seconds ?? 300)
    return needed().status()
  })

  app.post('/pair/resume', { schema: { tags } }, () => {
    needed().resume()
    return needed().status()
  })

  app.get('/conflicts', { schema: { tags } }, () => ({ items: listConflicts(inventory).map(conflictView) }))

  const Settle = Type.Object({ id: Type.String(), keep: Type.Integer({ minimum: 1 }) }, { additionalProperties: false })
  app.post('/conflicts/settle', { schema: { tags, body: Settle } }, (request) =>
    settle(inventory, request.body.id, request.body.keep, request.actor)
  )

  const Down = Type.Object({ poweredOff: Type.Optional(Type.Boolean()) }, { additionalProperties: false })
  app.post('/pair/partner-down', { schema: { tags, body: Down } }, (request) => {
    needed().partnerDown(request.body.poweredOff ?? false)
    return needed().status()
  })
}

function conflictView({ values, ...conflict }: Conflict): object {
  return {
    ...conflict,
    values: values.map(({ time, ...value }) => ({ ...value, time: time && new Date(time).toISOString() }))
  }
}
