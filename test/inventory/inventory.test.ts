import test from 'ava'
import { act } from '../../src/inventory/actions.ts'
import { eventChange } from '../../src/inventory/events.ts'
import { ENTITY_KINDS } from '../../src/inventory/model.ts'
import { globalFrom } from '../../src/inventory/normalize.ts'
import { classFrom } from '../../src/inventory/normalize-class.ts'
import type { Op, Replicator } from '../../src/inventory/oplog.ts'
import { change, dump, image, machine, openStore, role, subnet } from '../support/inventory.ts'
import { cidr, ip, mac } from '../support/values.ts'

const actors = (store: ReturnType<typeof openStore>) =>
  store.events.list({ limit: 100 }).map(({ actor, machine: name, message }) => [actor, name, message])

test('every commit goes to the replicator as it is on disk, and tells what that said', async (t) => {
  const sent: Op[] = []
  const replicator: Replicator = {
    replicate: async (ops) => {
      sent.push(...ops)
      return true
    }
  }
  const store = openStore({ replicator })
  const draft = store.inventory.draft()
  draft.putRole(role('db'))
  t.deepEqual(await store.inventory.commit(draft, 'ann'), { replicated: true })
  t.deepEqual(sent as unknown[], dump(store.db).op)
  t.deepEqual(await openStore().inventory.write([eventChange(0, { type: 'daemon', message: 'x' })]), {
    replicated: false
  })
})

test('what is committed is there at once, before a slow peer has it', async (t) => {
  let arrived = (_: boolean): void => undefined
  const replicator: Replicator = { replicate: () => new Promise((resolve) => (arrived = resolve)) }
  const store = openStore({ replicator })
  const draft = store.inventory.draft()
  draft.putRole(role('db'))
  const committed = store.inventory.commit(draft, 'ann')
  t.is(store.inventory.need('role', 'db').class, 'role::db')
  arrived(true)
  t.deepEqual(await committed, { replicated: true })
})

test('each edit is an event that tells who did what to which fields', async (t) => {
  const store = openStore()
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    draft.putMachine(machine('db-1', 1))
  })
  await change(store, (draft) =>
    draft.putMachine({ ...store.inventory.need('machine', 'db-1'), serial: 'S', disk: '/dev/sda' })
  )
  await act(store.inventory, 'db-1', 'install', 'ann')
  await change(store, (draft) => draft.delete('machine', 'db-1'))
  t.deepEqual(actors(store), [
    ['tester', null, 'subnet 10.77.0.0/24 created'],
    ['tester', 'db-1', 'machine db-1 created'],
    ['tester', 'db-1', 'machine db-1 changed: serial, disk'],
    ['ann', 'db-1', 'machine db-1 is install requested, was registered'],
    ['tester', 'db-1', 'machine db-1 deleted']
  ])
})

test('an event tells no values: they may be secret', async (t) => {
  const store = openStore()
  await change(store, (draft) => draft.putRole({ ...role('db'), vars: { password: 'hunter2' } }))
  t.notRegex(JSON.stringify(dump(store.db).event), /hunter2/)
})

test('further rows are on disk with a draft or not at all', async (t) => {
  const store = openStore()
  const before = dump(store.db)
  const draft = store.inventory.draft()
  draft.putRole(role('db'))
  const broken = { entity: 'nonsense', key: '', field: 'x', value: 1 }
  await t.throwsAsync(store.inventory.commit(draft, 'ann', [broken]))
  t.deepEqual(dump(store.db), before)
  t.is(store.inventory.get('role', 'db'), undefined)
  await store.inventory.commit(draft, 'ann', [eventChange(0, { type: 'boot', message: 'with it' })])
  t.deepEqual(
    actors(store).map(([, , message]) => message),
    ['with it', 'role db created']
  )
})

test('the version of an entity changes with every write of it, and with no other', async (t) => {
  const store = openStore()
  const versions = new Set([store.inventory.version('role', 'db')])
  for (const note of ['one', 'two', null]) {
    await change(store, (draft) => draft.putRole({ ...role('db'), note }))
    versions.add(store.inventory.version('role', 'db'))
  }
  t.is(versions.size, 4)
  await change(store, (draft) => draft.putRole(role('web')))
  t.true(versions.has(store.inventory.version('role', 'db')))
  await change(store, (draft) => draft.delete('role', 'db'))
  await change(store, (draft) => draft.putRole(role('db')))
  t.false(versions.has(store.inventory.version('role', 'db')))
})

test('a machine is found by its MACs and addresses as they are now', async (t) => {
  const store = openStore()
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(1), ipv4: '10.77.0.9' }, { mac: mac(2) }] }))
  })
  const { inventory } = store
  t.is(inventory.fixedAddress(mac(1), cidr('10.77.0.0/24')), ip('10.77.0.9'))
  t.is(inventory.fixedAddress(mac(2), cidr('10.77.0.0/24')), ip('10.77.0.4'))
  t.is(inventory.fixedAddress(mac(1), cidr('10.78.0.0/24')), undefined)
  await change(store, (draft) => draft.putMachine(machine('db-1', 2)))
  t.is(inventory.machineByMac(mac(1)), undefined)
  t.is(inventory.machineByAddress(ip('10.77.0.9')), undefined)
  t.is(inventory.machineByMac(mac(2))?.name, 'db-1')
})

test('a machine registered without an address is never given one that somebody uses', async (t) => {
  const store = openStore()
  const everything = Array.from({ length: 254 }, (_, index) => ip(`10.77.0.${index + 1}`))
  const free = [ip('10.77.0.77'), ip('10.77.0.1'), ip('10.77.0.2'), ip('10.77.0.3'), ip('10.77.0.254')]
  const leased = everything.filter((address) => !free.includes(address))
  await store.leases.grant(leased.map((address, index) => ({ address, mac: mac(1000 + index), seconds: 600 })))
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    draft.putMachine(machine('db-1', 1))
  })
  t.is(store.inventory.need('machine', 'db-1').interfaces[0]?.ipv4, ip('10.77.0.77'))
  await t.throwsAsync(
    change(store, (draft) => draft.putMachine(machine('db-2', 2))),
    { message: /no free address/ }
  )
  store.clock.advance(601)
  await change(store, (draft) => draft.putMachine(machine('db-2', 2)))
  t.is(store.inventory.need('machine', 'db-2').interfaces[0]?.ipv4, ip('10.77.0.78'))
})

test('a machine may be given the address that it has a lease on', async (t) => {
  const store = openStore()
  await store.leases.grant([{ address: ip('10.77.0.100'), mac: mac(1), seconds: 600 }])
  const registered = (number: number) =>
    machine('db-1', number, { interfaces: [{ mac: mac(number), ipv4: '10.77.0.100' }] })
  await change(store, (draft) => draft.putSubnet(subnet()))
  await t.throwsAsync(
    change(store, (draft) => draft.putMachine(registered(2))),
    { message: /a lease of 52:54:00:00:00:01/ }
  )
  await change(store, (draft) => draft.putMachine(registered(1)))
  t.is(store.inventory.machineByAddress(ip('10.77.0.100'))?.name, 'db-1')
})

test('an interface that is exchanged leaves its address to the next, though its lease still runs', async (t) => {
  const store = openStore()
  const address = ip('10.77.0.4')
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    draft.putMachine(machine('db-1', 1))
  })
  await store.leases.grant([{ address, mac: mac(1), seconds: 43_200 }])
  await change(store, (draft) => {
    draft.putMachine(machine('db-1', 2, { interfaces: [{ mac: mac(2), ipv4: address }] }))
  })
  t.is(store.inventory.fixedAddress(mac(2), cidr('10.77.0.0/24')), address)
})

test('every field of every entity is as it was after a restart, and in the same order', async (t) => {
  const store = openStore()
  await change(store, (draft) => {
    const options = { 'domain-search': ['lab.org'], 224: '0x0a', routers: null }
    const pools = [{ from: '10.77.0.100', to: '10.77.0.109', options }]
    const link = { vlan: 7, sharedNetwork: 'lab', authoritative: false }
    draft.putGlobal(globalFrom({ options, vars: { locale: 'C' } }))
    draft.putSubnet(subnet({ name: 'lab', ...link, pools, options, vars: { locale: 'de_DE.UTF-8' } }))
    draft.putClass(classFrom({ name: 'pxe', match: { firmware: ['bios'], mac: '52:54' }, options, note: 'n' }))
    const file = { name: 'linux', sha256: 'a'.repeat(64), size: 9 }
    draft.putImage({ ...image('debian-12'), kernel: file, initrd: file, kernelArguments: ['quiet'], vars: { a: 1 } })
    draft.putRole({ ...role('db'), kind: 'virtual', note: 'n', image: 'debian-12', options, vars: { b: [true, null] } })
    const interfaces = [{ mac: mac(1) }, { mac: mac(2), ipv4: '10.77.0.9' }]
    draft.putMachine({
      ...machine('db-1', 1, { role: 'db', image: 'debian-12', interfaces, serial: 'S', disk: '/dev/sda' }),
      ...{
        uuid: '44454c4c-4c42-0010-8035-80b4c04f4e43',
        localBoot: 'sanboot',
        loader: 'grub',
        trials: { refusedAt: [1, 2], ipxeAt: 0 },
        console: 'ttyS0',
        labels: { rack: 'b7' }
      },
      ...{ kernelArguments: ['quiet'], options, vars: { c: { d: 'e' } }, facts: { product: 'box' } }
    })
  })
  await act(store.inventory, 'db-1', 'install', 'ann')
  const again = openStore({ db: store.db })
  for (const kind of ENTITY_KINDS) {
    t.is(JSON.stringify([...again.inventory.list(kind)]), JSON.stringify([...store.inventory.list(kind)]))
  }
})
