import test from 'ava'
import { BootRefusal } from '../../src/boot/service.ts'
import { act } from '../../src/inventory/actions.ts'
import { STAGES, type Stage } from '../../src/inventory/attempts.ts'
import { DISCOVERED, type MachineState, stateOf } from '../../src/inventory/lifecycle.ts'
import { type Boot, installable, installing, LINK, openBoot, powerOn } from '../support/boot.ts'
import { change, dump, machine, OWN, openStore, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const DB1 = ip('10.77.0.4')
const state = ({ inventory }: Boot) => stateOf(inventory.need('machine', 'db-1').life)
const reports = ({ events }: Boot) =>
  events.list({ type: 'boot', limit: 1000 }).filter(({ message }) => !message.startsWith('install generation'))

for (const [stage, expected] of Object.entries({
  fetched: 'install requested',
  partitioning: 'installing',
  installing: 'installing',
  failed: 'failed',
  installed: 'installed'
} satisfies Record<Stage, MachineState>)) {
  test(`a machine that reports ${stage} is ${expected}, in memory, on disk and in an event`, async (t) => {
    const boot = await openBoot(t)
    const token = await installing(boot)
    const result = await boot.callbacks.status(token, stage as Stage, 'so far', DB1)
    t.deepEqual(result, { machine: 'db-1', state: expected as MachineState, mac: mac(1) })
    t.is(state(boot), expected as MachineState)
    t.deepEqual(openStore({ db: boot.db }).inventory.need('machine', 'db-1'), boot.inventory.need('machine', 'db-1'))
    const [attempt] = boot.attempts.list('db-1')
    t.like(attempt, { stage, message: 'so far' })
    t.like(reports(boot)[0], {
      machine: 'db-1',
      mac: mac(1),
      address: DB1,
      attempt: attempt?.id,
      message: `${stage}: so far`
    })
  })
}

test('the whole install: each report is one event, and then the machine boots from its disk for ever', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  for (const stage of ['fetched', 'partitioning', 'installing', 'installed'] as const) {
    await boot.callbacks.status(token, stage, '', DB1)
  }
  t.deepEqual(
    reports(boot).map(({ message }) => message),
    ['fetched', 'partitioning', 'installing', 'installed']
  )
  for (let count = 0; count < 3; count += 1) {
    await boot.handshake(mac(1))
    t.is((await boot.service.script(mac(1), DB1, OWN)).decision.action, 'local')
  }
})

test('installed is idempotent: said again it is acknowledged, and nothing changes', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  const first = await boot.callbacks.status(token, 'installed', '', DB1)
  const before = dump(boot.db)
  t.deepEqual(await boot.callbacks.status(token, 'installed', 'again', DB1), first)
  t.deepEqual(dump(boot.db), before)
})

for (const late of STAGES) {
  test(`${late} after installed changes nothing, from this attempt or an earlier one`, async (t) => {
    const boot = await openBoot(t)
    const earlier = await installing(boot)
    const token = await powerOn(boot)
    await boot.callbacks.status(token, 'installed', '', DB1)
    const { machine: before } = dump(boot.db)
    for (const each of [token, earlier]) {
      t.like(await boot.callbacks.status(each, late, 'late', DB1), { state: 'installed' })
      t.is(state(boot), 'installed')
    }
    t.deepEqual(dump(boot.db).machine, before)
  })
}

test('a failed install is over until an administrator asks for another, whatever is reported late', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  await boot.callbacks.status(token, 'failed', 'no disk', DB1)
  await boot.callbacks.status(token, 'installing', '', DB1)
  t.is(state(boot), 'failed')
  t.is(await powerOn(boot), '')
  await boot.callbacks.status(token, 'installed', 'after a retry at the console', DB1)
  t.is(state(boot), 'installed')
})

test('a report of a generation that has ended, or with no token, changes nothing', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  await act(boot.inventory, 'db-1', 'cancel', 'ann')
  const before = dump(boot.db)
  for (const [each, code] of [
    [token, 'ended'],
    ['guess', 'unknown-token']
  ] as const) {
    const error = await t.throwsAsync(boot.callbacks.status(each, 'installed', '', DB1), { instanceOf: BootRefusal })
    t.is(error.code, code)
  }
  t.deepEqual(dump(boot.db), before)
  t.is(state(boot), 'registered')
})

test('a report holds from any address: installers change theirs', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  t.like(await boot.callbacks.status(token, 'installed', '', ip('192.168.1.1')), { state: 'installed' })
})

test('a report is taken though its machine was set up wrongly since', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  boot.db.prepare('UPDATE subnet SET gateway = ?').run(DB1)
  await boot.leases.grant([{ address: DB1, mac: mac(9), seconds: 600 }])
  t.like(await boot.callbacks.status(token, 'installed', '', DB1), { state: 'installed' })
})

test('what an administrator changes while a report goes to the peer is not undone by it', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  const report = boot.callbacks.status(token, 'installed', '', DB1)
  await change(boot, (draft) => draft.putMachine({ ...boot.inventory.need('machine', 'db-1'), serial: 'S' }))
  await act(boot.inventory, 'db-1', 'retire', 'ann')
  await report
  t.like(boot.inventory.need('machine', 'db-1'), { serial: 'S', life: { goal: 'retire' } })
})

test('a report is all on disk or nothing of it', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  const before = dump(boot.db)
  boot.db.exec("CREATE TRIGGER full BEFORE UPDATE ON machine BEGIN SELECT raise(ABORT, 'disk full'); END")
  await t.throwsAsync(boot.callbacks.status(token, 'installed', '', DB1), { message: 'disk full' })
  t.deepEqual(dump(boot.db), before)
  t.is(state(boot), 'install requested')
})

const told = { serial: 'S1', product: 'box' }

test('a stranger that tells what it is becomes a discovered machine', async (t) => {
  const boot = await openBoot(t)
  const from = (await boot.handshake(mac(9))) ?? LINK
  const found = await boot.callbacks.facts(mac(9), told, from)
  t.like(found, { name: 'new-525400000009', facts: told, life: { goal: 'discover' } })
  t.deepEqual(found.interfaces, [{ mac: mac(9), ipv4: null, subnet: null }])
  t.deepEqual(openStore({ db: boot.db }).inventory.machineByMac(mac(9)), found)
  t.is(await boot.handshake(mac(9)), from)
})

test('what is told twice is kept once, and what is new is added', async (t) => {
  const boot = await openBoot(t)
  const from = (await boot.handshake(mac(9))) ?? LINK
  await boot.callbacks.facts(mac(9), told, from)
  const before = dump(boot.db)
  await boot.callbacks.facts(mac(9), told, from)
  t.deepEqual(dump(boot.db), before)
  await boot.callbacks.facts(mac(9), { serial: 'S2', uuid: 'U' }, from)
  t.deepEqual(boot.inventory.machineByMac(mac(9))?.facts, { serial: 'S2', product: 'box', uuid: 'U' })
})

test("a registered machine's facts are kept beside what was registered, and change nothing else", async (t) => {
  const boot = await openBoot(t)
  await installing(boot)
  const before = boot.inventory.need('machine', 'db-1')
  await boot.callbacks.facts(mac(1), { serial: 'OTHER' }, DB1)
  t.deepEqual(boot.inventory.need('machine', 'db-1'), { ...before, facts: { serial: 'OTHER' } })
})

test('nobody tells facts of a MAC that it holds no lease of', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  const other = (await boot.handshake(mac(9))) ?? LINK
  const before = dump(boot.db)
  for (const [who, from] of [
    [1, other],
    [8, other],
    [8, ip('10.77.0.200')],
    [9, DB1]
  ] as const) {
    const error = await t.throwsAsync(boot.callbacks.facts(mac(who), told, from), { instanceOf: BootRefusal })
    t.is(error.code, 'no-lease')
  }
  t.deepEqual(dump(boot.db), before)
})

test('a stranger with a MAC that a registered machine was named after does not replace that machine', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => {
    draft.putMachine(machine('new-525400000009', 1))
    draft.putMachine(machine('new-525400000009-2', 2))
  })
  const before = boot.inventory.need('machine', 'new-525400000009')
  const from = (await boot.handshake(mac(9))) ?? LINK
  t.is((await boot.callbacks.facts(mac(9), told, from)).name, 'new-525400000009-3')
  t.deepEqual(boot.inventory.need('machine', 'new-525400000009'), before)
})

test('strangers beyond a thousand are not remembered; known machines are still heard', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => draft.putSubnet(subnet({ pools: [{ from: '10.77.0.4', to: '10.77.0.250' }] })))
  await change(boot, (draft) => {
    for (let number = 1; number <= 1000; number += 1)
      draft.putReported({ ...machine(`new-${number}`, number), life: DISCOVERED })
  })
  const from = (await boot.handshake(mac(2000))) ?? LINK
  const error = await t.throwsAsync(boot.callbacks.facts(mac(2000), told, from), { instanceOf: BootRefusal })
  t.is(error.code, 'too-many')
  const known = (await boot.handshake(mac(7))) ?? LINK
  t.like(await boot.callbacks.facts(mac(7), told, known), { name: 'new-7', facts: told })
  await change(boot, (draft) => draft.delete('machine', 'new-1'))
  t.like(await boot.callbacks.facts(mac(2000), told, from), { name: 'new-5254000007d0' })
})
