import { Type } from 'typebox'
import { LANGUAGES } from '../../boot/boot-languages.ts'
import { explain } from '../../boot/explain.ts'
import { InventoryError } from '../../inventory/errors.ts'
import type { Machine } from '../../inventory/model.ts'
import { FIRMWARE_NAMES, type FirmwareName } from '../../net/firmware.ts'
import type { Mac } from '../../net/mac.ts'
import { choice } from '../../net/validation.ts'
import { macOf } from '../mac.ts'
import type { AdminApp } from './app.ts'
import { exchangeView } from './capture.ts'
import type { AdminOptions } from './server.ts'

/** As many as a boot has, with the firmware's and the loader's. */
const LATEST_EXCHANGES = 8

const firmware = Type.Optional(choice(FIRMWARE_NAMES))
const packets = Type.Optional(choice(['true', 'false'], { description: 'With the decoded packets.' }))
const name = Type.String()
const tags = ['decision']

/** Why a machine gets what it gets, what that is (the dry run), and what it was told last. Nothing here has an effect. */
export function explainRoutes(app: AdminApp, { boot, allocator, endpoints, trace }: AdminOptions): void {
  const { inventory } = boot.facts
  const answer = (mac: Mac, macs: readonly Mac[], query: { firmware?: FirmwareName; packets?: string }) => {
    const latest = trace.exchanges(macs, LATEST_EXCHANGES)
    const relay = latest.findLast((exchange) => exchange.mac === mac)?.relay
    return {
      ...explain(boot.facts, allocator, endpoints, mac, query.firmware ?? 'ipxe', relay),
      exchanges: latest.map((exchange) => exchangeView(exchange, query.packets === 'true'))
    }
  }

  const query = Type.Object({ mac: Type.String(), firmware, packets }, { additionalProperties: false })
  app.get('/explain', { schema: { tags, querystring: query } }, (request) => {
    const mac = macOf(request.query.mac)
    return answer(mac, [mac], request.query)
  })

  const ofMachine = {
    tags,
    params: Type.Object({ name }),
    querystring: Type.Object({ firmware, packets }, { additionalProperties: false })
  }
  app.get('/machines/:name/explain', { schema: ofMachine }, (request) => {
    const machine = inventory.need('machine', request.params.name)
    const macs = machine.interfaces.map(({ mac }) => mac)
    return answer(bootMac(machine), macs, request.query)
  })

  const file = choice([...LANGUAGES, 'preseed'])
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
