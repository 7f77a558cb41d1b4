import test, { type ExecutionContext } from 'ava'
import { Adviser } from '../../src/boot/adviser.ts'
import type { Sightings } from '../../src/boot/sightings.ts'
import { act } from '../../src/inventory/actions.ts'
import { FIRMWARE_NAMES, type FirmwareName } from '../../src/net/firmware.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import type { Mac } from '../../src/net/mac.ts'
import { clientOf, installable, LINK, openBoot, told } from '../support/boot.ts'
import { change, dump, OWN, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

/** What the other server gave db-1, whose address in the inventory is 10.77.0.4. */
const GIVEN = ip('10.77.0.150')
const VIRTIO = '01:1a:f4:10:00'

async function beside(t: ExecutionContext, options: { offerLimit?: number } = {}) {
  const boot = await openBoot(t, { ...options, elsewhere: true })
  await installable(boot)
  const sightings = boot.facts.sightings as Sightings
  const adviser = new Adviser(boot.inventory, sightings, boot.allocator)
  /** It takes the other server's offer of an address. */
  const seen = async (who: Mac, firmware: FirmwareName, address: Ipv4 = GIVEN, more: { busId?: string } = {}) => {
    boot.clock.advance(1)
    await adviser.commit([{ client: { ...clientOf(who, firmware), ...more }, address, certain: true }])
  }
  const powerOn = async () => {
    await seen(mac(1), 'bios')
    await seen(mac(1), 'ipxe')
  }
  return { ...boot, sightings, adviser, seen, powerOn }
}

test('a client is advised to boot what it would boot with an address, and is given none', async (t) => {
  const { adviser, allocator, db } = await beside(t)
  const before = dump(db)
  for (const firmware of FIRMWARE_NAMES) {
    const client = clientOf(mac(1), firmware)
    const [advice, plan] = [adviser.advise(client), allocator.plan(client)]
    if ('refused' in advice || 'refused' in plan) return t.fail()
    t.deepEqual(advice.boot, plan.boot, firmware)
    t.false('address' in advice)
    t.deepEqual(advice.reasons.slice(0, 2), [plan.reasons[0], 'another server gives it its address'], firmware)
  }
  t.deepEqual(dump(db), before)
})

test('who would get no answer gets no advice either', async (t) => {
  const boot = await beside(t)
  const refusal = (who: Mac, link = LINK) => boot.adviser.advise(clientOf(who, 'bios', link))
  t.like(refusal(mac(1), ip('10.99.0.1')), { refused: 'silence', reason: 'no subnet holds 10.99.0.1' })
  t.like(refusal(mac(9)), { boot: { kind: 'tftp' } }, 'an unknown machine is asked what it is where there is a pool')
  await change(boot, (draft) => draft.putSubnet(subnet({ pools: [] })))
  t.like(refusal(mac(9)), { refused: 'silence' })
})

test('a registered machine is known to the flood control', async (t) => {
  const { adviser } = await beside(t)
  t.true(adviser.isRegistered(mac(1)))
  t.false(adviser.isRegistered(mac(9)))
})

test("a client's address counts where it is one of its link", async (t) => {
  const boot = await beside(t)
  await boot.seen(mac(1), 'ipxe', ip('192.168.1.7'))
  t.is(boot.sightings.of(mac(1)), undefined, 'it remembers it from another network')
  await change(boot, (draft) => draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] })))
  await boot.seen(mac(1), 'ipxe', ip('10.78.0.7'))
  t.is(boot.sightings.of(mac(1)), undefined, 'likewise')
  await boot.seen(mac(1), 'ipxe', GIVEN)
  t.is(boot.sightings.macAt(GIVEN), mac(1))
})

test('the loader of this power-on is remembered: iPXE that comes after the firmware was loaded by it', async (t) => {
  const { seen, sightings } = await beside(t)
  const loader = () => sightings.of(mac(1))?.loader
  await seen(mac(1), 'ipxe')
  t.is(loader(), null, "it is in the card's ROM")
  await seen(mac(1), 'uefi-http')
  t.is(loader(), 'ipxe.efi')
  await seen(mac(1), 'ipxe')
  t.is(loader(), 'ipxe.efi')
  await seen(mac(1), 'os')
  t.is(loader(), null)
  await seen(mac(1), 'bios')
  t.is(loader(), 'undionly.kpxe')
})

test('the card that iPXE tells of is kept', async (t) => {
  const { seen, inventory } = await beside(t)
  await seen(mac(1), 'ipxe', GIVEN, { busId: VIRTIO })
  t.is(inventory.need('machine', 'db-1').facts.busid, VIRTIO)
})

test('the installer is for the address that the machine has from the other server, not for the one of the inventory', async (t) => {
  const { service, inventory, speakers, powerOn, handshake } = await beside(t)
  await act(inventory, 'db-1', 'install', 'ann')
  await handshake(mac(1))
  const action = async (from: Ipv4) => (await service.script(mac(1), from, OWN)).decision.action
  t.is(await action(GIVEN), 'wait', 'nothing is known yet')
  t.is(await action(ip('10.77.0.4')), 'wait', 'whoever has the address now')
  await powerOn()
  t.is(await action(GIVEN), 'install')
  t.is(await action(ip('10.77.0.4')), 'wait')
  t.is(speakers.macAt(GIVEN), mac(1))
  t.is(speakers.macAt(ip('10.77.0.4')), undefined)
})

test('the install file sets no address: the machine keeps the one that it is given', async (t) => {
  const { service, inventory, powerOn } = await beside(t)
  await act(inventory, 'db-1', 'install', 'ann')
  await powerOn()
  const { text } = await service.script(mac(1), GIVEN, OWN)
  const token = /attempts\/([\w-]+)\/preseed/.exec(text)?.[1] ?? ''
  t.like(told(service.preseed(token, GIVEN, OWN).text), { network: { address: null, gateway: '10.77.0.254' } })
  t.throws(() => service.preseed(token, ip('10.77.0.151'), OWN), {
    message: /is no address of db-1, as far as is known/
  })
})

test('power-ons are told apart: after so many the machine waits; a script fetched again does not count', async (t) => {
  const { service, inventory, powerOn } = await beside(t, { offerLimit: 2 })
  await act(inventory, 'db-1', 'install', 'ann')
  const attempts = new Set<string | undefined>()
  for (const count of [1, 2]) {
    await powerOn()
    for (let fetch = 0; fetch < 3; fetch += 1) attempts.add((await service.script(mac(1), GIVEN, OWN)).attempt?.id)
    t.is(attempts.size, count)
  }
  await powerOn()
  t.is((await service.script(mac(1), GIVEN, OWN)).decision.action, 'wait')
})
