import test, { type ExecutionContext } from 'ava'
import { BootRefusal, type RefusalCode } from '../../src/boot/service.ts'
import { act } from '../../src/inventory/actions.ts'
import type { Stage } from '../../src/inventory/attempts.ts'
import { type Boot, installable, installing, LINK, openBoot, powerOn, told } from '../support/boot.ts'
import { change, dump, machine, OWN, role, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const DB1 = ip('10.77.0.4')

test('each machine gets the script of its decision', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  const script = async (number: number, from = DB1) => told((await boot.service.script(mac(number), from, OWN)).text)
  t.like(await script(1), { template: 'ipxe/local.ipxe.njk', generation: null })
  t.like(await script(9), { template: 'ipxe/local.ipxe.njk' })
  await boot.handshake(mac(9))
  t.like(await script(9), { template: 'ipxe/discover.ipxe.njk' })
  await act(boot.inventory, 'db-1', 'install', 'ann')
  t.like(await script(1), { template: 'ipxe/install.ipxe.njk', generation: `1-${boot.inventory.origin}` })
})

test('the addresses in a script are those that the machine reached', async (t) => {
  const boot = await openBoot(t)
  const { url } = told((await boot.service.script(mac(1), DB1, ip('10.99.0.1'))).text)
  t.is(url.script, 'http://10.99.0.1/boot/52:54:00:00:00:01/ipxe')
})

test('an installer is handed to nobody who speaks from a foreign address, and no token is made', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  const other = (await boot.handshake(mac(9))) ?? LINK
  const before = dump(boot.db)
  for (const from of [other, ip('10.77.0.200'), ip('127.0.0.1')]) {
    const { text, decision, attempt } = await boot.service.script(mac(1), from, OWN)
    t.like(told(text), { template: 'ipxe/wait.ipxe.njk', url: { preseed: null, kernel: null } })
    t.is(decision.action, 'wait')
    t.is(decision.reasons.at(-1), `but ${from} is not its address, as far as is known: no installer is handed to it`)
    t.is(attempt, null)
  }
  t.deepEqual(dump(boot.db), before)
})

test("an installer is offered in so many power-ons, then the machine waits; a script fetched again doesn't count", async (t) => {
  const boot = await openBoot(t, { offerLimit: 2 })
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  const attempts = new Set<string | undefined>()
  for (const again of [0, 1]) {
    await boot.handshake(mac(1), 'bios')
    await boot.handshake(mac(1), 'ipxe')
    for (let fetch = 0; fetch < 4; fetch += 1) {
      const { attempt, decision } = await boot.service.script(mac(1), DB1, OWN)
      t.is(decision.action, 'install')
      attempts.add(attempt?.id)
    }
    t.is(attempts.size, again + 1)
  }
  t.is(await powerOn(boot), '')
  const messages = boot.events.list({ type: 'boot', limit: 10 }).map(({ message }) => message)
  const generation = `1-${boot.inventory.origin}`
  t.deepEqual(messages, [
    `install generation ${generation}: attempt 1 of 2`,
    `install generation ${generation}: attempt 2 of 2; the one before got as far as "offered"`
  ])
  await act(boot.inventory, 'db-1', 'install', 'ann')
  t.truthy(await powerOn(boot))
})

test('without leases of its own every script counts, so that a lost report is no loop', async (t) => {
  const boot = await openBoot(t, { offerLimit: 2 })
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  const actions: string[] = []
  for (let count = 0; count < 4; count += 1) actions.push((await boot.service.script(mac(1), DB1, OWN)).decision.action)
  t.deepEqual(actions, ['install', 'install', 'wait', 'wait'])
})

test('scripts change no machine', async (t) => {
  const boot = await openBoot(t)
  await installing(boot)
  const { machine: machines, interface: interfaces, lease } = dump(boot.db)
  await boot.service.script(mac(1), DB1, OWN)
  t.like(dump(boot.db), { machine: machines, interface: interfaces, lease })
})

test('an install file is read with its token from any address of the machine, again and again', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  for (let count = 0; count < 3; count += 1) {
    const { text, attempt } = boot.service.preseed(token, DB1, OWN)
    t.like(told(text), { template: 'preseed/debian.cfg.njk', machine: { name: 'db-1' }, role: { name: 'db' } })
    t.is(told(text).url.status, `http://10.77.0.1/boot/attempts/${token}/status`)
    t.is(attempt.machine, 'db-1')
  }
  await change(boot, (draft) => {
    const before = boot.inventory.need('machine', 'db-1')
    draft.putMachine({
      ...before,
      interfaces: [...before.interfaces, { mac: mac(2), ipv4: ip('10.77.0.8'), subnet: null }]
    })
  })
  t.notThrows(() => boot.service.preseed(token, ip('10.77.0.8'), OWN))
})

test('each of the last four tokens of a power-on opens the install file, and no older one', async (t) => {
  const boot = await openBoot(t)
  const tokens = [await installing(boot)]
  for (let count = 0; count < 4; count += 1) {
    boot.clock.advance(5)
    const { text } = await boot.service.script(mac(1), DB1, OWN)
    tokens.push(/attempts\/([\w-]+)\/preseed/.exec(text)?.[1] ?? '')
  }
  const [oldest = '', ...others] = tokens
  for (const token of others) t.notThrows(() => boot.service.preseed(token, DB1, OWN))
  refused(t, boot, oldest, 'unknown-token')
})

function refused(t: ExecutionContext, boot: Boot, token: string, code: RefusalCode, from = DB1): void {
  const error = t.throws(() => boot.service.preseed(token, from, OWN), { instanceOf: BootRefusal })
  t.is(error.code, code)
}

const ends: [what: string, code: RefusalCode, end: (boot: Boot, token: string) => Promise<unknown>][] = [
  ['the install was cancelled', 'ended', ({ inventory }) => act(inventory, 'db-1', 'cancel', 'ann')],
  ['a new install was requested', 'ended', ({ inventory }) => act(inventory, 'db-1', 'install', 'ann')],
  ['the machine was retired', 'ended', ({ inventory }) => act(inventory, 'db-1', 'retire', 'ann')],
  ['it reported installed', 'ended', ({ callbacks }, token) => callbacks.status(token, 'installed', '', DB1)],
  [
    'it reported installing',
    'already-installing',
    ({ callbacks }, token) => callbacks.status(token, 'installing', '', DB1)
  ],
  ['it reported failed', 'already-installing', ({ callbacks }, token) => callbacks.status(token, 'failed', '', DB1)],
  [
    'the machine was removed, and one of its name and MAC added',
    'unknown-token',
    async (boot) => {
      await change(boot, (draft) => draft.delete('machine', 'db-1'))
      await change(boot, (draft) => draft.putMachine(machine('db-1', 1, { role: 'db' })))
      await act(boot.inventory, 'db-1', 'install', 'ann')
    }
  ],
  [
    'its MAC went to another machine',
    'ended',
    async (boot) => {
      const before = boot.inventory.need('machine', 'db-1')
      const moved = { mac: mac(2), ipv4: DB1, subnet: null }
      await change(boot, (draft) => {
        draft.putMachine({ ...before, interfaces: [moved] })
        draft.putMachine({ ...machine('db-2', 1), vars: { root_password_hash: 'of db-2' } })
      })
    }
  ]
]

for (const [what, code, end] of ends) {
  test(`a token opens no install file after ${what}`, async (t) => {
    const boot = await openBoot(t)
    const token = await installing(boot)
    boot.service.preseed(token, DB1, OWN)
    await end(boot, token)
    refused(t, boot, token, code)
  })
}

test('a late report of an earlier stage does not open the install file again', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  for (const stage of ['installing', 'fetched', 'partitioning'] satisfies Stage[]) {
    await boot.callbacks.status(token, stage, '', DB1)
    refused(t, boot, token, 'already-installing')
  }
})

test('a token opens nothing from an address that is not of the machine', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  const stranger = (await boot.handshake(mac(9))) ?? LINK
  for (const from of [stranger, OWN, ip('10.77.0.200')]) refused(t, boot, token, 'wrong-source', from)
})

test('guessed tokens open nothing', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  for (const guess of ['', 'TOKEN', token.slice(1), token.toLowerCase(), "' OR 1=1 --"]) {
    refused(t, boot, guess, 'unknown-token')
  }
})

test('a dry run shows the script of the decision, and the install file whatever the decision', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  t.like(told(boot.service.dryRun(mac(1), 'ipxe')), { template: 'ipxe/local.ipxe.njk' })
  t.like(told(boot.service.dryRun(mac(1), 'preseed')), {
    template: 'preseed/debian.cfg.njk',
    url: { preseed: 'http://10.77.0.1/boot/attempts/TOKEN/preseed' }
  })
  await act(boot.inventory, 'db-1', 'install', 'ann')
  t.like(told(boot.service.dryRun(mac(1), 'ipxe')), { template: 'ipxe/install.ipxe.njk' })
})

test('a machine on a foreign subnet is told about that one', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => {
    draft.putRole(role('db'))
    draft.putSubnet(
      subnet({
        cidr: '10.78.0.0/24',
        gateway: '10.78.0.1',
        domain: 'lab',
        pools: [{ from: '10.78.0.9', to: '10.78.0.9' }]
      })
    )
  })
  const from = await boot.handshake(mac(9), 'ipxe', ip('10.78.0.1'))
  const { network, machine: known } = told((await boot.service.script(mac(9), from ?? LINK, OWN)).text)
  t.like({ ...network, fqdn: known.fqdn }, { gateway: '10.78.0.1', fqdn: '52-54-00-00-00-09.lab' })
})
