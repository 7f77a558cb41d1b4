import test from 'ava'
import { explain } from '../../src/boot/explain.ts'
import { act } from '../../src/inventory/actions.ts'
import { classFrom } from '../../src/inventory/normalize-class.ts'
import type { FirmwareName } from '../../src/net/firmware.ts'
import type { Mac } from '../../src/net/mac.ts'
import { type Boot, clientOf, installable, installing, openBoot } from '../support/boot.ts'
import { change, dump, OWN, role, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const of = (boot: Boot, who: Mac, firmware: FirmwareName = 'bios') =>
  explain(boot.facts, boot.allocator, boot.endpoints, who, firmware)

test('an explanation tells what a machine would get and why', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  const { vars, options, ...told } = of(boot, mac(1))
  const reasons = [
    '52:54:00:00:00:01 is db-1',
    `install generation 1-${boot.inventory.origin} was requested`,
    'image debian-12, of role db',
    'role db',
    'not yet reported installed'
  ]
  t.deepEqual(told, {
    mac: mac(1),
    firmware: 'bios',
    machine: 'db-1',
    state: 'install requested',
    action: 'install',
    reasons,
    loader: { file: 'undionly.kpxe', reasons: [] },
    dhcp: {
      answer: 'offer',
      address: ip('10.77.0.4'),
      hostName: 'db-1',
      leaseTime: 43_200,
      boot: { kind: 'tftp', server: OWN, file: 'undionly.kpxe' },
      reasons: [`install: ${reasons.join('; ')}`, '10.77.0.4 is its fixed address']
    }
  })
  t.deepEqual(vars.keymap, { value: 'us', source: 'default' })
  const source = 'subnet 10.77.0.0/24'
  t.deepEqual(options[0], { name: 'routers', value: ['10.77.0.254'], source, overrides: [] })
})

test('the options explained are those that are then sent: of the pool, and of the classes of the firmware asked about', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => {
    const options = { 'interface-mtu': 1400 }
    draft.putSubnet(
      subnet({ options: { routers: null }, pools: [{ from: '10.77.0.100', to: '10.77.0.109', options }] })
    )
    draft.putClass(classFrom({ name: 'c', match: { vendorClass: 'HTTPClient' }, options: { 224: '0x0a' } }))
  })
  const told = (firmware: FirmwareName) =>
    of(boot, mac(9), firmware).options.filter(({ name }) => /^(?:224|interface-mtu|routers)$/.test(name))
  const source = 'subnet 10.77.0.0/24'
  const always = [
    { name: 'routers', value: null, source, overrides: [] },
    { name: 'interface-mtu', value: 1400, source: 'pool 10.77.0.100-10.77.0.109', overrides: [] }
  ]
  t.deepEqual(told('bios'), always)
  t.deepEqual(told('uefi-http'), [...always, { name: '224', value: '0x0a', source: 'class c', overrides: [] }])
  const offer = boot.allocator.offer({ ...clientOf(mac(9), 'uefi-http'), vendorClass: 'HTTPClient' })
  const sent = 'options' in offer ? offer.options : undefined
  t.deepEqual(
    [3, 26, 224].map((code) => sent?.get(code)),
    [null, Uint8Array.of(5, 120), Uint8Array.of(10)]
  )
})

for (const firmware of ['bios', 'uefi-x64', 'uefi-http', 'ipxe', 'os'] as const) {
  test(`what is explained is what is then answered, to ${firmware}`, async (t) => {
    const boot = await openBoot(t)
    await installable(boot)
    for (const number of [1, 9]) {
      const { answer, ...explained } = of(boot, mac(number), firmware).dhcp
      const offer = boot.allocator.offer(clientOf(mac(number), firmware))
      t.is(answer, 'offer')
      if ('refused' in offer) throw new Error(offer.reason)
      t.like({ ...offer, boot: offer.boot ?? null, hostName: offer.hostName ?? null }, explained)
    }
  })
}

test('a stranger is explained as it would be in the subnet with a pool', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => {
    draft.delete('subnet', '10.77.0.0/24')
    draft.putSubnet(subnet({ cidr: '10.76.0.0/24', gateway: '10.76.0.1', pools: [] }))
  })
  await change(boot, (draft) => draft.putSubnet(subnet()))
  t.like(of(boot, mac(9)), {
    machine: null,
    state: null,
    action: 'discover',
    dhcp: { answer: 'offer', hostName: null }
  })
})

test('without a subnet there is silence, and why', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => draft.delete('subnet', '10.77.0.0/24'))
  t.deepEqual(of(boot, mac(9)).options, [])
  t.like(of(boot, mac(9)), { action: 'ignore', dhcp: { answer: 'silence', reasons: ['there is no subnet'] } })
})

test('explain and dry run have no effect, on disk or on what others are offered', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => draft.putSubnet(subnet({ pools: [{ from: '10.77.0.100', to: '10.77.0.100' }] })))
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  const before = dump(boot.db)
  for (const number of [1, 8, 9]) {
    of(boot, mac(number), 'ipxe')
    boot.service.dryRun(mac(number), 'ipxe')
  }
  boot.service.dryRun(mac(1), 'preseed')
  t.throws(() => boot.service.dryRun(mac(9), 'preseed'), { message: /names an image/ })
  t.deepEqual(dump(boot.db), before)
  t.like(boot.allocator.offer(clientOf(mac(7))), { address: '10.77.0.100' })
})

test('neither explain nor dry run shows a secret, or a token that opens anything', async (t) => {
  const boot = await openBoot(t)
  const token = await installing(boot)
  const vars = { root_password_hash: '$6$hunter2', ldap: { password: 'hunter2' }, mirror_proxy: 'http://u:hunter2@p:1' }
  await change(boot, (draft) => draft.putRole({ ...role('db'), image: 'debian-12', vars }))
  const shown = [of(boot, mac(1), 'ipxe'), boot.service.dryRun(mac(1), 'ipxe'), boot.service.dryRun(mac(1), 'preseed')]
  for (const each of shown) {
    const text = JSON.stringify(each)
    t.notRegex(text, /hunter2/)
    t.false(text.includes(token))
    t.regex(text, /\[redacted\]/)
  }
  t.like(of(boot, mac(1)).vars, { root_password_hash: { value: '[redacted]', source: 'role db' } })
  t.throws(() => boot.service.preseed('TOKEN', ip('10.77.0.4'), OWN), { message: 'no attempt has this token' })
})

test('where another DHCP server gives the addresses, the offer has none, and says what to boot', async (t) => {
  const boot = await openBoot(t, { elsewhere: true })
  await installable(boot)
  const { dhcp, options } = of(boot, mac(1))
  t.like(dhcp, { answer: 'offer', address: null, leaseTime: null, boot: { file: 'undionly.kpxe' } })
  t.is(dhcp.reasons[1], 'another server gives it its address')
  t.deepEqual(options, [])
  t.deepEqual(of(boot, mac(1), 'os').dhcp, { answer: 'silence', reasons: ['there is nothing for it to boot'] })
})
