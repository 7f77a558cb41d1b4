import test from 'ava'
import { DhcpClients, macOf } from './lab/dhcp-clients.ts'
import { figures } from './lab/figures.ts'
import type { Lab } from './lab/lab.ts'
import { inState, onPair } from './lab/lab.ts'
import { Load } from './lab/load.ts'
import { SIDES, type Side } from './lab/networks.ts'
import { FEWER_ROUNDS } from './lab/rounds.ts'

/** Writes and leases on each side of a cut. */
const ENOUGH = 10

/** Cuts the two from each other under load and brings them together again. @returns when each noticed the cut, in milliseconds. */
async function apart(load: Load, lab: Lab, cut: () => Promise<void>, heal: () => Promise<void>): Promise<number[]> {
  load.start()
  await load.more('replicated', ENOUGH)
  await cut()
  const noticed = await inState('COMM_INT', ...lab.both)
  await load.more('alone', ENOUGH)
  await heal()
  await inState('NORMAL', ...lab.both)
  await load.stop()
  return noticed
}

test.serial(
  'a silent cut of both networks: both go on alone, no address is given twice, and all is on both once it is healed',
  onPair(async (t, lab) => {
    const { networks } = lab
    const load = await Load.open(lab)
    const noticed: number[] = []
    for (let round = 0; round < FEWER_ROUNDS; round += 1) {
      const cut = () => networks.cut('link', 'prov')
      noticed.push(...(await apart(load, lab, cut, () => networks.heal('link', 'prov'))))
      await load.assertKept(t, `round ${round}`)
    }
    t.log(`${load.figures()}; noticed after ${figures(noticed)}`)
  })
)

for (const deaf of SIDES) {
  test.serial(
    `a cut one way, of what ${deaf} sends: both notice it, and nothing is lost`,
    onPair(async (t, lab) => {
      const { networks } = lab
      const load = await Load.open(lab)
      const each = async (what: (wire: 'link' | 'prov', from: Side) => Promise<void>) => {
        for (const wire of ['link', 'prov'] as const) await what(wire, deaf)
      }
      const noticed = await apart(
        load,
        lab,
        () => each(networks.deafen),
        () => each(networks.hear)
      )
      await load.assertKept(t)
      t.log(`${load.figures()}; noticed after ${figures(noticed)}`)
    })
  )
}

test.serial(
  "cables out at one side's switch: the other one serves every client, and both are in step when they are back",
  onPair(async (t, lab) => {
    const { networks, a } = lab
    const load = await Load.open(lab)
    await load.some('replicated', ENOUGH)
    for (const wire of ['link', 'prov'] as const) await networks.unplug(wire, 'b')
    await inState('COMM_INT', ...lab.both)
    for (let number = 1; number <= 16; number += 1) {
      t.is((await load.clients.lease(macOf(0xff00 + number)))?.by, 'a')
    }
    load.start()
    await load.more('alone', ENOUGH)
    for (const wire of ['link', 'prov'] as const) await networks.plug(wire, 'b')
    await inState('NORMAL', ...lab.both)
    await load.stop()
    await load.assertKept(t)
    t.true((await a.status()).connected)
  })
)

test.serial(
  'a flapping link: no acknowledged write is lost, and both are in step when it stays',
  onPair(async (t, lab) => {
    const { networks, a } = lab
    const load = await Load.open(lab)
    load.start()
    for (let flap = 0; flap < 6; flap += 1) {
      await load.more('replicated', 1)
      await networks.cut('link', 'prov')
      // Every second time it is back before anybody has noticed for certain.
      if (flap % 2 === 0) await a.until('COMM_INT')
      await networks.heal('link', 'prov')
    }
    await inState('NORMAL', ...lab.both)
    await load.more('replicated', 1)
    await load.stop()
    await load.assertKept(t)
    t.log(load.figures())
  })
)

test.serial(
  "the pair's link alone is cut: neither takes the other for dead, nor may a person, and each serves its half of the clients",
  onPair(async (t, lab) => {
    const { networks } = lab
    await networks.cut('link')
    await inState('COMM_INT', ...lab.both)
    for (const each of lab.both) {
      const { lastContact } = await each.status()
      await each.untilStatus(`${each.side} hears the other`, (now) => now.lastContact.network !== lastContact.network)
      for (const poweredOff of [false, true]) {
        const down = each.client.json('POST', '/pair/partner-down', { poweredOff })
        await t.throwsAsync(down, { message: /was heard [0-9.]+ s ago/ })
      }
    }
    const clients = await DhcpClients.open()
    const by = new Set<Side | undefined>()
    for (let number = 1; number <= 32; number += 1) by.add((await clients.lease(macOf(number)))?.by)
    t.deepEqual([...by].sort(), ['a', 'b'])
    await clients.close()
    await networks.heal('link')
    await inState('NORMAL', ...lab.both)
  })
)

test.serial(
  'the provisioning network alone is cut between the two: they stay in step',
  onPair(async (t, lab) => {
    const { networks, a } = lab
    await networks.cut('prov')
    const load = await Load.open(lab)
    load.start()
    await a.untilStatus('nothing comes by the provisioning network', (now) => {
      return Date.parse(now.lastContact.link ?? '') - Date.parse(now.lastContact.network ?? '') > 2000
    })
    await load.more('replicated', ENOUGH)
    await load.stop()
    t.is(load.count('alone'), 0)
    for (const each of lab.both) t.is((await each.status()).state, 'NORMAL')
    await networks.heal('prov')
    await load.assertKept(t)
  })
)
