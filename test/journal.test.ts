import test from 'ava'
import { pino } from 'pino'
import { act } from '../src/inventory/actions.ts'
import { Attempts } from '../src/inventory/attempts.ts'
import { openDatabase } from '../src/inventory/database.ts'
import { Events } from '../src/inventory/events.ts'
import { Inventory } from '../src/inventory/inventory.ts'
import { Leases } from '../src/inventory/leases.ts'
import { machineFrom, subnetFrom } from '../src/inventory/normalize.ts'
import { SOLE } from '../src/inventory/oplog.ts'
import { Journal } from '../src/journal.ts'
import type { Ipv4 } from '../src/net/ipv4.ts'
import type { Mac } from '../src/net/mac.ts'
import type { Step } from '../src/net/step.ts'

const MAC = '52:54:00:00:00:0a' as Mac
const ADDRESS = '10.77.0.2' as Ipv4
const STEP: Step = { protocol: 'tftp', asked: 'RRQ ipxe.efi', answered: 'done', level: 'info', outcome: 'done' }

/** A journal over an inventory with `web1`, which leased 10.77.0.2; time stands still. */
async function journal(level = 'info') {
  const now = () => 1_000_000
  const db = openDatabase(':memory:')
  const addressUse = { usedBy: () => undefined, leasedAddress: () => undefined, isForHere: () => true }
  const inventory = new Inventory({ db, instance: 'a', now, replicator: SOLE, addressUse })
  const draft = inventory.draft()
  draft.putSubnet(subnetFrom({ cidr: '10.77.0.0/24' }))
  draft.putMachine(machineFrom({ name: 'web1', interfaces: [{ mac: MAC, ipv4: ADDRESS }] }))
  await inventory.commit(draft, 'test')
  const leases = new Leases(db, 'a', now)
  await leases.grant([{ address: ADDRESS, mac: MAC, seconds: 60 }])
  const attempts = new Attempts(db, inventory, now)
  const events = new Events(db)
  const lines: Record<string, unknown>[] = []
  const log = pino({ level, base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) })
  const macAt = (address: Ipv4) => leases.active(address)?.mac
  const kept = new Journal({ log, inventory, leases, macAt, attempts, now })
  const list = (type: string) => events.list({ type, limit: 10_000 })
  return { journal: kept, inventory, attempts, lines, list }
}

test('a step by address is logged and kept with the MAC and the machine behind it', async (t) => {
  const { journal: kept, lines, list } = await journal()
  kept.step({ ...STEP, address: ADDRESS })
  kept.flush()
  t.deepEqual(lines, [
    {
      level: 30,
      protocol: 'tftp',
      machine: 'web1',
      mac: MAC,
      address: ADDRESS,
      msg: 'web1 52:54:00:00:00:0a: RRQ ipxe.efi -> done'
    }
  ])
  t.like(list('tftp')[0], {
    machine: 'web1',
    mac: MAC,
    address: ADDRESS,
    time: 1_000_000,
    message: 'RRQ ipxe.efi -> done'
  })
})

test('a step of nobody that is known goes by its MAC, or else its address', async (t) => {
  const { journal: kept, lines } = await journal()
  kept.step({ ...STEP, mac: '52:54:00:00:00:ff' as Mac, address: '10.77.0.9' as Ipv4 })
  kept.step({ ...STEP, address: '10.77.0.9' as Ipv4 })
  kept.step(STEP)
  t.deepEqual(
    lines.map(({ msg }) => String(msg).split(': ')[0]),
    ['52:54:00:00:00:ff', '10.77.0.9', 'unknown']
  )
})

test("a step of an install carries its attempt's id, until it is installed", async (t) => {
  const { journal: kept, lines, inventory, attempts } = await journal()
  const { machine } = await act(inventory, 'web1', 'install', 'test')
  kept.step({ ...STEP, mac: MAC })
  const { attempt } = await attempts.mint(machine, { mac: MAC, address: ADDRESS, lease: 'x' })
  kept.step({ ...STEP, mac: MAC })
  t.deepEqual(
    lines.map((line) => line.attempt),
    [undefined, attempt.id]
  )
})

test('what is for debugging is counted, and logged and kept only if asked for', async (t) => {
  const { journal: kept, lines, list } = await journal()
  kept.step({ ...STEP, level: 'debug', outcome: 'aborted' })
  kept.flush()
  t.deepEqual([lines, list('tftp')], [[], []])
  t.regex(await kept.registry.metrics(), /^tandem_steps_total\{protocol="tftp",outcome="aborted"\} 1$/m)
  const { journal: chatty, lines: more } = await journal('debug')
  chatty.step({ ...STEP, level: 'debug' })
  t.is(more.length, 1)
})

test('a step that is an event already is logged, not kept twice', async (t) => {
  const { journal: kept, lines, list } = await journal()
  kept.step({ ...STEP, keep: false })
  kept.flush()
  t.deepEqual([lines.length, list('tftp').length], [1, 0])
})

test('what a person should act on is a warning', async (t) => {
  const { journal: kept, lines } = await journal()
  kept.step({ ...STEP, level: 'warn' })
  t.is(lines[0]?.level, 40)
})

test('events are written a moment later, in the order in which they came', async (t) => {
  const { journal: kept, list } = await journal()
  for (const message of ['one', 'two', 'three']) kept.record({ type: 'daemon', message })
  t.deepEqual(list('daemon'), [])
  kept.flush()
  t.deepEqual(
    list('daemon').map(({ message }) => message),
    ['one', 'two', 'three']
  )
})

test('a flood is cut, and the cut is told', async (t) => {
  const { journal: kept, list } = await journal()
  for (let number = 0; number < 5000; number += 1) kept.record({ type: 'dhcp', message: String(number) })
  kept.flush()
  t.is(list('dhcp').length, 2000)
  t.is(list('daemon')[0]?.message, '3000 events were left out: there were more than could be written')
  kept.record({ type: 'daemon', message: 'after' })
  kept.flush()
  t.is(list('daemon').length, 2)
})

test('a storm is told line by line while that is possible, then in sums; all of it is counted', async (t) => {
  const { journal: kept, lines } = await journal()
  for (let number = 0; number < 2500; number += 1) kept.step({ ...STEP, outcome: 'offer' })
  for (let number = 0; number < 3; number += 1) kept.step({ ...STEP, outcome: 'ack' })
  t.is(lines.length, 500)
  kept.step({ ...STEP, level: 'warn', answered: 'the pool is full' })
  t.like(
    lines.at(-1),
    { level: 40, msg: 'unknown: RRQ ipxe.efi -> the pool is full' },
    'a warning is not lost among them'
  )
  kept.close()
  t.is(lines.at(-1)?.msg, 'too many steps to tell one by one; further ones: 2000 tftp offer, 3 tftp ack')
  kept.close()
  t.is(lines.length, 502, 'what was told is not told again')
  t.regex(await kept.registry.metrics(), /^tandem_steps_total\{protocol="tftp",outcome="offer"\} 2500$/m)
})

test('warnings are bounded, too', async (t) => {
  const { journal: kept, lines } = await journal()
  for (let number = 0; number < 150; number += 1) kept.step({ ...STEP, level: 'warn' })
  kept.close()
  t.is(lines.length, 101)
})

test('what a step asks is put into words only for those who read it', async (t) => {
  const { journal: kept, lines } = await journal()
  let made = 0
  const asked = () => {
    made += 1
    return 'DISCOVER'
  }
  kept.step({ ...STEP, asked, level: 'debug' })
  t.is(made, 0)
  kept.step({ ...STEP, asked })
  t.is(made, 1)
  t.is(lines[0]?.msg, 'unknown: DISCOVER -> done')
  for (let number = 0; number < 3000; number += 1) kept.step({ ...STEP, asked })
  t.is(made, 500)
  kept.close()
})

test('machines are counted by state, leases while they run', async (t) => {
  const { journal: kept, inventory } = await journal()
  const gauges = async () =>
    (await kept.registry.metrics()).split('\n').filter((line) => /^tandem_(machines|leases)/.test(line))
  t.deepEqual(await gauges(), ['tandem_machines{state="registered"} 1', 'tandem_leases_active 1'])
  await act(inventory, 'web1', 'install', 'test')
  t.deepEqual(await gauges(), ['tandem_machines{state="install requested"} 1', 'tandem_leases_active 1'])
})
