import test from 'ava'
import { InventoryError, type InventoryErrorCode } from '../../src/inventory/errors.ts'
import { DISCOVERED, nextGeneration } from '../../src/inventory/lifecycle.ts'
import { GLOBAL } from '../../src/inventory/model.ts'
import { globalFrom } from '../../src/inventory/normalize.ts'
import { classFrom } from '../../src/inventory/normalize-class.ts'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../../src/net/ipv4.ts'
import { change, dump, image, machine, openStore, role, subnet } from '../support/inventory.ts'
import { cidr, ip, mac } from '../support/values.ts'

async function site() {
  const store = openStore()
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    draft.putImage(image('debian-12'))
    draft.putRole({ ...role('db'), image: 'debian-12' })
    draft.putMachine(machine('db-1', 1, { role: 'db' }))
  })
  return store
}

type Edit = Parameters<typeof change>[1]
const refused: [rule: string, code: InventoryErrorCode, message: RegExp, edit: Edit][] = [
  [
    'a MAC of another machine',
    'taken',
    /52:54:00:00:00:01 belongs to machine db-1/,
    (d) => d.putMachine(machine('x', 1))
  ],
  [
    'a MAC of another machine of the draft',
    'taken',
    /belongs to machine x/,
    (d) => [machine('x', 7), machine('y', 7)].map((each) => d.putMachine(each))
  ],
  [
    'an address of another machine',
    'taken',
    /10.77.0.4 belongs to machine db-1/,
    (d) => d.putMachine(machine('x', 2, { interfaces: [{ mac: mac(2), ipv4: '10.77.0.4' }] }))
  ],
  [
    'a role that is not there',
    'invalid',
    /there is no role web/,
    (d) => d.putMachine(machine('x', 2, { role: 'web' }))
  ],
  [
    'an image that is not there, of a machine',
    'invalid',
    /there is no image no/,
    (d) => d.putMachine(machine('x', 2, { image: 'no' }))
  ],
  ['an image that is not there', 'invalid', /there is no image no/, (d) => d.putRole({ ...role('web'), image: 'no' })],
  ['a subnet around another', 'taken', /overlaps/, (d) => d.putSubnet(subnet({ cidr: '10.0.0.0/8', pools: [] }))],
  [
    'a subnet within another',
    'taken',
    /overlaps the subnet 10.77.0.0\/24/,
    (d) => d.putSubnet(subnet({ cidr: '10.77.0.0/30', gateway: '10.77.0.1', pools: [] }))
  ],
  [
    "a gateway that is a machine's address",
    'taken',
    /the gateway 10.77.0.4 belongs to machine db-1/,
    (d) => d.putSubnet(subnet({ gateway: '10.77.0.4' }))
  ],
  ['to delete what is not there', 'not-found', /there is no machine x/, (d) => d.delete('machine', 'x')],
  ['to delete the role of a machine', 'in-use', /role db is used by machine db-1/, (d) => d.delete('role', 'db')],
  ['to delete the image of a role', 'in-use', /is used by role db/, (d) => d.delete('image', 'debian-12')],
  ['to delete the subnet of a machine', 'in-use', /is used by machine db-1/, (d) => d.delete('subnet', '10.77.0.0/24')]
]

for (const [rule, code, message, edit] of refused) {
  test(`is refused, and nothing of the draft is made: ${rule}`, async (t) => {
    const store = await site()
    const before = dump(store.db)
    const error = await t.throwsAsync(
      change(store, (draft) => {
        draft.putMachine(machine('good', 9))
        edit(draft)
      }),
      { instanceOf: InventoryError, message }
    )
    t.is(error.code, code)
    t.deepEqual(dump(store.db), before)
    t.is(store.inventory.get('machine', 'good'), undefined)
    t.is(store.inventory.machineByMac(mac(9)), undefined)
  })
}

test('a MAC and its address move to another machine within one draft', async (t) => {
  const store = await site()
  const held = { mac: mac(1), ipv4: '10.77.0.4' }
  await change(store, (draft) => {
    draft.putMachine(machine('db-1', 2, { interfaces: [{ mac: mac(2), ipv4: '10.77.0.9' }] }))
    draft.putMachine(machine('db-2', 1, { interfaces: [held] }))
  })
  t.is(store.inventory.machineByMac(mac(1))?.name, 'db-2')
  t.is(store.inventory.machineByAddress(ip('10.77.0.4'))?.name, 'db-2')
  t.is(store.inventory.machineByMac(mac(2))?.name, 'db-1')
  const again = openStore({ db: store.db })
  t.deepEqual([...again.inventory.list('machine')], [...store.inventory.list('machine')])
})

test('a machine deleted in a draft leaves its name, MAC and address to others of it', async (t) => {
  const store = await site()
  await change(store, (draft) => {
    draft.delete('machine', 'db-1')
    draft.putMachine(machine('web-1', 1))
  })
  t.is(store.inventory.machineByMac(mac(1))?.name, 'web-1')
  t.is(store.inventory.machineByAddress(ip('10.77.0.4'))?.name, 'web-1')
  t.is(openStore({ db: store.db }).inventory.machineByAddress(ip('10.77.0.4'))?.name, 'web-1')
})

test('an address that a machine of the draft gave up again is free in it', async (t) => {
  const store = await site()
  const at = (ipv4: string) => ({ interfaces: [{ mac: mac(5), ipv4 }] })
  await change(store, (draft) => {
    draft.putMachine(machine('x', 5, at('10.77.0.20')))
    draft.putMachine(machine('x', 5, at('10.77.0.21')))
    draft.putMachine(machine('y', 6, { interfaces: [{ mac: mac(6), ipv4: '10.77.0.20' }] }))
  })
  t.is(store.inventory.machineByAddress(ip('10.77.0.20'))?.name, 'y')
})

test('what nothing in the draft uses any more can be deleted by it', async (t) => {
  const store = await site()
  await change(store, (draft) => {
    draft.delete('machine', 'db-1')
    draft.delete('role', 'db')
    draft.delete('image', 'debian-12')
    draft.delete('subnet', '10.77.0.0/24')
  })
  t.true(store.inventory.isEmpty())
})

test("a class of clients is in nobody's way: a role's `class` is Puppet's", async (t) => {
  const store = await site()
  await change(store, (draft) => {
    draft.putClass(classFrom({ name: 'role::db', match: { userClass: 'iPXE' } }))
    draft.putRole({ ...role('db'), class: 'role::db' })
  })
  await change(store, (draft) => draft.delete('class', 'role::db'))
  t.is(store.inventory.get('class', 'role::db'), undefined)
})

test('the global settings are there from the beginning, and changed like any other entity', async (t) => {
  const store = openStore()
  t.deepEqual(store.inventory.need('global', GLOBAL), { name: GLOBAL, options: {}, vars: {} })
  t.true(store.inventory.isEmpty())
  await change(store, (draft) => draft.putGlobal(globalFrom({ vars: { timezone: 'Europe/Oslo' } })))
  t.like(openStore({ db: store.db }).inventory.need('global', GLOBAL), { vars: { timezone: 'Europe/Oslo' } })
  t.is(store.events.list({ limit: 1 })[0]?.message, 'global settings changed: vars')
})

const discovered = (number: number) => ({
  ...machine(`new-${number}`, number),
  facts: { serial: `S${number}`, product: 'box' },
  trials: { refusedAt: [7, 9], ipxeAt: 0 },
  life: DISCOVERED
})

test('a discovered machine yields to one that is registered with its MAC, which keeps its facts', async (t) => {
  const store = await site()
  await change(store, (draft) => draft.putReported(discovered(5)))
  await change(store, (draft) => draft.putMachine({ ...machine('web-1', 5), facts: { product: 'known' } }))
  t.is(store.inventory.get('machine', 'new-5'), undefined)
  t.deepEqual(store.inventory.machineByMac(mac(5))?.facts, { serial: 'S5', product: 'known' })
  t.deepEqual(store.inventory.machineByMac(mac(5))?.trials, { refusedAt: [7, 9], ipxeAt: 0 })
})

test('a discovered machine has no address, and one is given when it is registered under its own name', async (t) => {
  const store = await site()
  await change(store, (draft) => draft.putReported(discovered(5)))
  t.is(store.inventory.need('machine', 'new-5').interfaces[0]?.ipv4, null)
  await change(store, (draft) => draft.putMachine(machine('new-5', 5)))
  t.is(store.inventory.need('machine', 'new-5').interfaces[0]?.ipv4, ip('10.77.0.5'))
})

test('a draft tells what it would change, field by field, and has no effect when it is dropped', async (t) => {
  const store = await site()
  const before = dump(store.db)
  const draft = store.inventory.draft()
  draft.putMachine({ ...store.inventory.need('machine', 'db-1'), role: null, labels: { rack: 'b7' } })
  draft.putRole(store.inventory.need('role', 'db'))
  draft.putRole(role('web'))
  draft.delete('role', 'db')
  t.deepEqual(
    draft.edits().map(({ kind, key, action, fields }) => [kind, key, action, fields.map(({ field }) => field)]),
    [
      ['role', 'db', 'delete', []],
      ['role', 'web', 'create', ['class', 'kind', 'note', 'image', 'options', 'vars']],
      ['machine', 'db-1', 'change', ['role', 'labels']]
    ]
  )
  t.deepEqual(draft.edits().at(-1)?.fields[1], { field: 'labels', before: {}, after: { rack: 'b7' } })
  t.deepEqual(dump(store.db), before)
})

test('putting what is there already is no edit, also after a restart', async (t) => {
  const store = await site()
  for (const { inventory } of [store, openStore({ db: store.db })]) {
    const draft = inventory.draft()
    draft.putSubnet(subnet())
    draft.putRole({ ...role('db'), image: 'debian-12' })
    const kept = inventory.need('machine', 'db-1').interfaces
    draft.putMachine({ ...machine('db-1', 1, { role: 'db' }), interfaces: [...kept] })
    t.deepEqual(draft.edits(), [])
  }
})

test('a draft that another commit overtook is stale', async (t) => {
  const { inventory } = await site()
  const [first, second] = [inventory.draft(), inventory.draft()]
  first.putMachine(machine('x', 2))
  second.putMachine(machine('y', 2))
  await inventory.commit(first, 'one')
  const error = await t.throwsAsync(inventory.commit(second, 'other'), { instanceOf: InventoryError })
  t.is(error.code, 'stale')
  t.is(inventory.machineByMac(mac(2))?.name, 'x')
})

test('what a machine reports is taken though its address came into doubt', async (t) => {
  const store = openStore()
  const held = { mac: mac(1), ipv4: ip('10.99.0.9'), subnet: cidr('10.99.0.0/24') }
  const life = nextGeneration(DISCOVERED, 'install', 'a')
  await change(store, (draft) => draft.putReported({ ...machine('db-1', 1), interfaces: [held], life }))
  t.deepEqual(store.inventory.need('machine', 'db-1').interfaces, [held])
})

test('a thousand machines without addresses are one draft, and each gets its own', async (t) => {
  const store = openStore()
  await change(store, (draft) => {
    draft.putSubnet(subnet({ cidr: '10.77.0.0/16', pools: [] }))
    for (let number = 1; number <= 1000; number += 1) draft.putMachine(machine(`m${number}`, number))
  })
  const addresses = [...store.inventory.list('machine')].map(({ interfaces }) => interfaces[0]?.ipv4)
  t.is(new Set(addresses).size, 1000)
})

test('an address that a machine gives up is the next one chosen, and a draft that is dropped uses up none', async (t) => {
  const store = openStore()
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    for (const number of [1, 2, 3]) draft.putMachine(machine(`m${number}`, number))
  })
  const addressOf = (name: string) => store.inventory.need('machine', name).interfaces[0]?.ipv4 as Ipv4
  const [first, next] = [addressOf('m1'), ipv4FromNumber(ipv4ToNumber(addressOf('m3')) + 1)]
  const dropped = store.inventory.draft()
  for (const number of [4, 5, 6]) dropped.putMachine(machine(`m${number}`, number))
  await change(store, (draft) => draft.putMachine(machine('m4', 4)))
  t.is(addressOf('m4'), next)
  await change(store, (draft) => draft.delete('machine', 'm1'))
  await change(store, (draft) => draft.putMachine(machine('m5', 5)))
  t.is(addressOf('m5'), first)
})
