import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ipv4 } from '../../net/ipv4.ts'
import type { Client } from '../client.ts'
import type { Place } from '../simulate/machine.ts'
import { type Boot, type Booted, bootOnce, profileOf, Writer } from './boots.ts'
import { type EmbeddedPair, type Instance, startPair } from './embedded.ts'
import { clientsOf, firstAnswer } from './first-answer.ts'
import { type Fault, type Report, reportOf } from './report.ts'
import { LINK, prepare } from './site.ts'

/** Where the simulated machines' relay agent is: an address of its own. */
const RELAY = '127.255.255.254' as Ipv4
/** Milliseconds between the power-ons of two machines. */
export const PACE_MS = 60

export type Tell = (line: string) => void

/** A failover drill on a pair of its own, on loopback. @param binary the program that starts an instance. */
export async function drillEmbedded(binary: string, fault: Fault, boots: number, tell: Tell): Promise<Report> {
  tell('starting two instances on loopback')
  const pair = await startPair(binary)
  try {
    tell(`a on ${pair.a.address} and b on ${pair.b.address} are a pair: what one is told, both have on disk`)
    const machines = await prepare(pair.a.client, boots)
    tell(`${boots} machines are registered, and to be installed`)
    const writers = [
      new Writer('drill-w1', [pair.a.client, pair.b.client]),
      new Writer('drill-w2', [pair.b.client, pair.a.client])
    ]
    const place = placeOf(pair)
    for (const { mac } of machines) await pair.a.client.json('POST', '/simulations', { mac, address: RELAY })
    const booting = powerOn(machines, place, tell)
    await sleep((boots * PACE_MS) / 2)
    const seconds = await inject(pair, fault, place, tell)
    const booted = await booting
    const survivor = pair.b
    await settle(pair, fault, survivor, tell)
    for (const writer of writers) await writer.stop()
    const lost = await countLost(survivor.client, writers)
    return reportOf({ fault, booted, writers, writesLost: lost, seconds })
  } finally {
    await pair.close()
  }
}

/** Powers machines on, one after the other, and plays their boots. */
export async function powerOn(machines: readonly Boot[], place: Place, tell: Tell): Promise<Booted[]> {
  const profile = profileOf(existsSync('/usr/lib/ipxe/undionly.kpxe') ? 'bios' : 'ipxe')
  const booting = machines.map(async (boot, index) => {
    await sleep(index * PACE_MS)
    const booted = await bootOnce(place, profile, boot)
    const { name, outcome, powerOns, seconds } = booted
    const again = powerOns > 1 ? `, switched on ${powerOns} times` : ''
    tell(
      `  ${name} ${outcome === 'installed' ? 'is installed' : outcome === 'local' ? 'boots from its disk' : 'is lost'} after ${seconds.toFixed(2)} s${again}`
    )
    return booted
  })
  return Promise.all(booting)
}

/** @returns seconds until a client that was the failed instance's was answered. */
async function inject({ a, link }: EmbeddedPair, fault: Fault, place: Place, tell: Tell): Promise<number> {
  if (fault === 'kill') a.process.kill('SIGKILL')
  else if (fault === 'freeze') a.process.kill('SIGSTOP')
  else link.cut()
  const what = {
    kill: 'a is killed (kill -9)',
    freeze: 'a is frozen (SIGSTOP)',
    cut: 'the link between a and b is cut'
  }[fault]
  tell(what)
  const seconds = await firstAnswer(place, clientsOf(0))
  tell(`${seconds.toFixed(3)} s later a client that a answered first until then has its answer`)
  return seconds
}

/** What was acknowledged as being on both instances, and the survivor doesn't have. */
async function countLost(survivor: Client, writers: readonly Writer[]): Promise<number> {
  let lost = 0
  for (const { machine, replicated } of writers) {
    const { labels } = await survivor.json<{ labels: { drill?: string } }>('GET', `/machines/${machine}`)
    lost += Math.max(0, replicated - Number(labels.drill ?? 0))
  }
  return lost
}

async function settle({ a, link }: EmbeddedPair, fault: Fault, survivor: Instance, tell: Tell): Promise<void> {
  if (fault === 'kill') return
  if (fault === 'freeze') a.process.kill('SIGCONT')
  else link.heal()
  for (let tries = 0; tries < 100; tries += 1) {
    const { state } = await survivor.client.json<{ state: string }>('GET', '/pair')
    if (state === 'NORMAL') {
      tell('both are in step again')
      return
    }
    await sleep(100)
  }
  tell('the two are not in step again yet')
}

function placeOf({ a, b, ports }: EmbeddedPair): Place {
  return {
    servers: [a, b].map(({ address }) => ({ address, port: ports.dhcp })),
    relay: RELAY,
    link: LINK as Ipv4,
    tftpPort: ports.tftp
  }
}
