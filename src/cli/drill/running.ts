import { setTimeout as sleep } from 'node:timers/promises'
import type { Mac } from '../../net/mac.ts'
import type { Client } from '../client.ts'
import { CommandFailed } from '../errors.ts'
import { placeOf } from '../simulate/place.ts'
import { type Boot, macOf, Writer } from './boots.ts'
import { PACE_MS, powerOn, type Tell } from './drill.ts'
import { clientsOf, firstAnswer } from './first-answer.ts'
import { type Report, reportOf } from './report.ts'
import { register } from './site.ts'

type Status = {
  state: string
  slot: 0 | 1
  peer: { instance: string } | null
  draining: { mayBeStopped: boolean } | null
}

/** Registered machines that ask for an address, one after the other, when this instance begins to drain. */
const CLIENTS = 50
/** Seconds for which what is under way is waited for. */
const DRAIN_SECONDS = 60

/**
 * A drill on the running pair: the instance that is asked leaves new work to the other one, while simulated machines boot from their
 * disks; then it takes new work again. The machines are registered for as long.
 */
export async function drillRunning(client: Client, boots: number, tell: Tell): Promise<Report> {
  const status = () => client.json<Status>('GET', '/pair')
  const { state, slot, peer } = await status()
  if (state !== 'NORMAL') throw new CommandFailed(`the pair is ${state}: for a drill both have to be in step`)
  const machines: Boot[] = []
  const clients: Boot[] = []
  let writer: Writer | undefined
  try {
    for (let number = 1; number <= boots; number += 1) {
      machines.push(await register(client, { name: `drill-${number}`, mac: macOf(number) }))
    }
    const own = clientsOf(slot)
    for (let number = 1; number <= CLIENTS; number += 1) {
      clients.push(await register(client, { name: `drill-client-${number}`, mac: own.next().value as Mac }))
    }
    tell(`${boots + CLIENTS} machines, drill-1 and so on, are registered for this drill`)
    const [first] = machines as [Boot, ...Boot[]]
    const place = await placeOf(client, first.mac)
    for (const { mac } of machines) await placeOf(client, mac)
    writer = new Writer(first.name, [client])
    const booting = powerOn(machines, place, tell)
    await sleep((boots * PACE_MS) / 2)
    await client.json('POST', '/pair/drain', { seconds: DRAIN_SECONDS })
    tell(`this instance drains: ${peer?.instance} takes over new work`)
    const seconds = await firstAnswer(place, around(clients.map(({ mac }) => mac)))
    tell(`${seconds.toFixed(3)} s later a client that this instance answered first until then has its answer`)
    const booted = await booting
    while ((await status()).draining?.mayBeStopped === false) await sleep(100)
    tell('it might be stopped now')
    await writer.stop()
    const { labels } = await client.json<{ labels: { drill?: string } }>('GET', `/machines/${first.name}`)
    const writesLost = Math.max(0, writer.acknowledged - Number(labels.drill ?? 0))
    return reportOf({ fault: 'drain', booted, writers: [writer], writesLost, seconds })
  } finally {
    await writer?.stop()
    try {
      await client.json('POST', '/pair/resume', {})
    } finally {
      for (const { name } of [...machines, ...clients]) await client.send('DELETE', `/machines/${name}`)
    }
    tell('this instance takes new work again, and the machines of the drill are gone')
  }
}

function* around<T>(items: readonly T[]): Iterator<T> {
  for (;;) yield* items
}
