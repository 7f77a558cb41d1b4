import test from 'ava'
import { identify } from '../../src/boot/identify.ts'
import { act } from '../../src/inventory/actions.ts'
import { clientOf, installable, LINK, openBoot, powerOn } from '../support/boot.ts'
import { change, dump, image, role, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

test('nothing is known of a stranger but where it is', async (t) => {
  const { facts } = await openBoot(t)
  t.like(identify(facts, mac(9), 'bios', LINK), {
    mac: mac(9),
    firmware: 'bios',
    link: LINK,
    subnet: subnet(),
    machine: undefined,
    role: undefined,
    image: undefined,
    missingFile: undefined,
    offered: 0,
    offerLimit: 2
  })
  t.like(identify(facts, mac(9), 'bios'), { link: undefined, subnet: undefined })
})

test("a machine's image is its own, or else its role's", async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  t.like(identify(boot.facts, mac(1), 'ipxe'), { role: { name: 'db' }, image: { name: 'debian-12' } })
  await change(boot, (draft) => {
    draft.putImage(image('debian-13'))
    draft.putMachine({ ...boot.inventory.need('machine', 'db-1'), image: 'debian-13' })
  })
  t.is(identify(boot.facts, mac(1), 'ipxe').image?.name, 'debian-13')
  await change(boot, (draft) => {
    draft.putRole(role('db'))
    draft.putMachine({ ...boot.inventory.need('machine', 'db-1'), image: null })
  })
  t.is(identify(boot.facts, mac(1), 'ipxe').image, undefined)
})

test('a machine is where its link is, else where its latest lease is, else where it was registered', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  await change(boot, (draft) => draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] })))
  const at = (link?: string) => identify(boot.facts, mac(1), 'ipxe', link === undefined ? undefined : ip(link)).link
  t.is(at(), ip('10.77.0.4'))
  await boot.leases.grant([{ address: ip('10.77.0.100'), mac: mac(1), seconds: 604_800 }])
  await boot.leases.grant([{ address: ip('10.78.0.9'), mac: mac(1), seconds: 600 }])
  t.is(at(), ip('10.78.0.9'))
  t.is(at('10.77.0.1'), ip('10.77.0.1'))
  boot.clock.advance(600)
  t.is(at(), ip('10.77.0.100'))
})

test('the pool of another subnet counts where both share a network', async (t) => {
  const boot = await openBoot(t)
  const bare = { cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] }
  const pooled = () => identify(boot.facts, mac(9), 'ipxe', ip('10.78.0.1')).pooled?.cidr as string | undefined
  await change(boot, (draft) => draft.putSubnet(subnet(bare)))
  t.is(pooled(), undefined)
  await change(boot, (draft) => {
    for (const each of [bare, {}]) draft.putSubnet(subnet({ ...each, sharedNetwork: 'lab' }))
  })
  t.is(pooled(), '10.77.0.0/24')
  t.like(boot.allocator.offer(clientOf(mac(9), 'ipxe', ip('10.78.0.1'))), { address: '10.77.0.100' })
})

test('of what is to be installed, a file that the store does not have whole is missing', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  t.is(identify(boot.facts, mac(1), 'ipxe').missingFile, undefined)
  const found = boot.inventory.need('image', 'debian-12')
  for (const file of ['kernel', 'initrd'] as const) {
    const broken = { ...found, [file]: { ...found[file], size: 1 } }
    await change(boot, (draft) => draft.putImage(broken))
    t.is(identify(boot.facts, mac(1), 'ipxe').missingFile, found[file]?.name)
  }
})

test('earlier power-ons are counted, and not the one that is going on', async (t) => {
  const boot = await openBoot(t, { offerLimit: 9 })
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  const offered = () => identify(boot.facts, mac(1), 'ipxe').offered
  for (const count of [0, 1, 2]) {
    await boot.handshake(mac(1))
    t.is(offered(), count)
    await boot.service.script(mac(1), ip('10.77.0.4'), LINK)
    await boot.service.script(mac(1), ip('10.77.0.4'), LINK)
    t.is(offered(), count)
  }
  await act(boot.inventory, 'db-1', 'install', 'ann')
  t.is(offered(), 0)
})

test("a pool lease of days from a machine's discovery does not hide its power-ons", async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => draft.putSubnet(subnet({ lease: 604_800 })))
  await boot.handshake(mac(1))
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  t.truthy(await powerOn(boot))
  t.truthy(await powerOn(boot))
  t.is(await powerOn(boot), '')
})

test('looking has no effect', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  const before = dump(boot.db)
  identify(boot.facts, mac(1), 'ipxe', LINK)
  t.deepEqual(dump(boot.db), before)
})
