import { Type } from 'typebox'
import { explain } from '../../boot/explain.ts'
import { InventoryError } from '../../inventory/errors.ts'
import type { Machine } from '../../inventory/model.ts'
import { FIRMWARE_NAMES, type FirmwareName } from '../../net/firmware.ts'
import type { Mac } from '../../net/mac.ts'
import { choice } from '../../net/validation.ts'
import { macOf } from '../mac.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

const firmware = Type.Optional(choice(FIRMWARE_NAMES))
const name = Type.String()
const tags = ['decision']

/** Why a machine gets what it gets, and what that is: the dry run. Nothing here has an effect. */
export function explainRoutes(app: AdminApp, { boot, allocator, endpoints }: AdminOptions): void {
  const { inventory } = boot.facts
  const answer = (mac: Mac, which: FirmwareName | undefined) =>
    explain(boot.facts, allocator, endpoints, mac, which ?? 'ipxe')

  const query = Type.Object({ mac: Type.String(), firmware }, { additionalProperties: false })
  app.get('/explain', { schema: { tags, querystring: query } }, (request) => {
    const { mac, firmware: which } = request.query
    return answer(macOf(mac), which)
  })

  const ofMachine = {
    tags,
    params: Type.Object({ name }),
    querystring: Type.Object({ firmware }, { additionalProperties: false })
  }
  app.get('/machines/:name/explain', { schema: ofMachine }, (request) =>
    answer(bootMac(inventory.need('machine', request.params.name)), request.query.firmware)
  )

  const file = choice(['ipxe', 'preseed'])
  app.get(
    '/machines/:name/render/:file',
    { schema: { tags, params: Type.Object({ name, file }) } },
    (request, reply) => {
      const machine = inventory.need('machine', request.params.name)
      const text = boot.dryRun(bootMac(machine), request.params.file)
      return reply.type('text/plain; charset=utf-8').send(text)
    }
  )
}

/** A machine boots from its first interface, as far as anyone can say beforehand. */
function bootMac(machine: Machine): Mac {
  const [first] = machine.interfaces
  if (first === undefined) throw new InventoryError('wrong-state', `${machine.name} has no interface`)
  return first.mac
}
