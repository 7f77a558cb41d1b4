import test from 'ava'
import type { FirmwareName } from '../../src/net/firmware.ts'
import { type Boot, clientOf, installable, openBoot } from '../support/boot.ts'
import { change, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const HOME = ip('10.77.0.4')

/** A boot whose firmware took a loader; what came of it shows at the next. */
async function boots(boot: Boot, file = 'ipxe.efi', firmware: FirmwareName = 'uefi-x64', who = mac(1)) {
  const address = await boot.handshake(who, firmware)
  boot.clock.advance(1)
  boot.trials.taken(address ?? HOME, file)
  boot.clock.advance(60)
}

const fileFor = (boot: Boot, who = mac(1)) => {
  const plan = boot.allocator.plan(clientOf(who, 'uefi-x64'))
  return 'boot' in plan && plan.boot?.kind === 'tftp' ? plan.boot.file : undefined
}
const refusedAt = (boot: Boot) => boot.inventory.need('machine', 'db-1').trials.refusedAt
const opened = async (t: Parameters<typeof openBoot>[0]) => {
  const boot = await openBoot(t)
  await installable(boot)
  return boot
}

test('the third boot of a firmware that took all of iPXE twice and never ran it gets the signed loader', async (t) => {
  const boot = await opened(t)
  const files: (string | undefined)[] = []
  for (const _ of [1, 2, 3]) {
    files.push(fileFor(boot))
    await boots(boot, files.at(-1))
  }
  t.deepEqual(files, ['ipxe.efi', 'ipxe.efi', 'grub/shimx64.efi'])
})

test('the machine remembers it, each boot once, and the events tell', async (t) => {
  const boot = await opened(t)
  for (const _ of [1, 2]) await boots(boot)
  t.is(refusedAt(boot).length, 1, 'that of the second boot shows at the third')
  await boot.handshake(mac(1), 'uefi-x64')
  await boot.handshake(mac(1), 'uefi-x64')
  t.is(refusedAt(boot).length, 2)
  const told = boot.events.list({ limit: 100 }).filter(({ message }) => message.includes('never came back'))
  t.deepEqual(
    told.map(({ machine, message }) => [machine, /[12] of 2/.exec(message)?.[0], message.includes('Secure Boot')]),
    [
      ['db-1', '1 of 2', false],
      ['db-1', '2 of 2', true]
    ]
  )
})

test('iPXE that comes back ends it, and is nothing to write when nothing was refused', async (t) => {
  const boot = await opened(t)
  await boots(boot)
  await boots(boot)
  t.is(refusedAt(boot).length, 1)
  await boot.handshake(mac(1), 'ipxe')
  t.deepEqual(
    [refusedAt(boot), boot.trials.refusals(mac(1), boot.inventory.machineByMac(mac(1))), fileFor(boot)],
    [[], 0, 'ipxe.efi']
  )
  const { revision } = boot.inventory
  for (const _ of [1, 2, 3]) {
    await boots(boot)
    await boot.handshake(mac(1), 'ipxe')
  }
  t.deepEqual([boot.inventory.revision, refusedAt(boot)], [revision, []])
})

test('iPXE that came back at the other instance counts: its lease tells', async (t) => {
  const boot = await opened(t)
  await boots(boot)
  const grant = { kind: 'grant', address: HOME, mac: mac(1), stage: 'ipxe', seconds: 600, fixed: true } as const
  await boot.leases.apply([grant])
  t.is(boot.trials.refusals(mac(1), boot.inventory.machineByMac(mac(1))), 0)
  await boot.handshake(mac(1), 'uefi-x64')
  t.deepEqual(refusedAt(boot), [])
})

test('an operating system that comes up from the disk is no iPXE', async (t) => {
  const boot = await opened(t)
  for (const _ of [1, 2]) {
    await boots(boot)
    await boot.handshake(mac(1), 'os')
  }
  t.is(fileFor(boot), 'grub/shimx64.efi')
})

for (const [what, file, firmware] of [
  ['a kernel', 'linux', 'uefi-x64'],
  ['the signed loader itself', 'shimx64.efi', 'uefi-x64'],
  ["a BIOS's loader", 'undionly.kpxe', 'bios']
] as const) {
  test(`taken whole, ${what} tells nothing`, async (t) => {
    const boot = await opened(t)
    for (const _ of [1, 2, 3]) await boots(boot, file, firmware)
    t.deepEqual([boot.trials.refusals(mac(1), boot.inventory.machineByMac(mac(1))), refusedAt(boot)], [0, []])
  })
}

test('what two interfaces of a machine tell at once counts together', async (t) => {
  const boot = await openBoot(t)
  const interfaces = [1, 2].map((number) => ({ mac: mac(number), ipv4: ip(`10.77.0.${number + 3}`) }))
  await installable(boot, { interfaces: interfaces.map((each) => ({ ...each, subnet: null })) })
  for (const [index, { ipv4 }] of interfaces.entries()) {
    boot.clock.advance(index)
    boot.trials.taken(ipv4, 'ipxe.efi')
  }
  await boot.trials.learn(interfaces.map((each) => clientOf(each.mac, 'uefi-x64')))
  t.is(refusedAt(boot).length, 2)
})

test('a stranger is remembered too, and registered as what it was seen to be', async (t) => {
  const boot = await openBoot(t)
  for (const _ of [1, 2]) await boots(boot, 'snponly.efi', 'uefi-x64', mac(1))
  t.is(fileFor(boot), 'grub/shimx64.efi')
  await installable(boot)
  t.is(fileFor(boot), 'grub/shimx64.efi')
  await boot.handshake(mac(1), 'uefi-x64')
  t.is(refusedAt(boot).length, 2)
})

test('a stranger is discovered by its second refusal: it never runs what would tell of it', async (t) => {
  const boot = await openBoot(t)
  const names = () =>
    [...boot.inventory.list('machine')].map(({ name, life, facts }) => [name, life.goal, facts.platform])
  for (const _ of [1, 2]) await boots(boot, 'ipxe.efi', 'uefi-x64', mac(1))
  t.deepEqual(names(), [])
  await boot.handshake(mac(1), 'uefi-x64')
  t.deepEqual(names(), [['new-525400000001', 'discover', 'efi']])
  t.is(fileFor(boot), 'grub/shimx64.efi')
  await boot.handshake(mac(1), 'ipxe')
  t.is(fileFor(boot), 'ipxe.efi')
})

test('what nobody holds the address of is nobody', async (t) => {
  const boot = await opened(t)
  await change(boot, (draft) => draft.putSubnet(subnet()))
  t.notThrows(() => boot.trials.taken(ip('10.77.0.77'), 'ipxe.efi'))
})
