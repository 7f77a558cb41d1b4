import test from 'ava'
import { installable, openBoot } from '../support/boot.ts'
import { ip, mac } from '../support/values.ts'

test('a machine speaks from the address of its lease while that runs', async (t) => {
  const { speakers, handshake, clock } = await openBoot(t)
  const address = (await handshake(mac(9))) ?? ip('0.0.0.0')
  t.true(speakers.speaksFor(address, mac(9)))
  t.false(speakers.speaksFor(address, mac(8)))
  t.is(speakers.macAt(address), mac(9))
  clock.advance(600)
  t.false(speakers.speaksFor(address, mac(9)))
  t.is(speakers.macAt(address), undefined)
})

test('a registered machine speaks from its fixed address, lease or none', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  t.true(boot.speakers.speaksFor(ip('10.77.0.4'), mac(1)))
  t.false(boot.speakers.speaksFor(ip('10.77.0.4'), mac(2)))
  t.false(boot.speakers.speaksFor(ip('10.77.0.5'), mac(1)))
  t.is(boot.speakers.macAt(ip('10.77.0.4')), mac(1))
  t.true(boot.speakers.speaksForAny(ip('10.77.0.4'), [mac(2), mac(1)]))
  t.false(boot.speakers.speaksForAny(ip('10.77.0.4'), []))
})

test('a simulated machine speaks from where an administrator let it, for a while', async (t) => {
  const { speakers, clock } = await openBoot(t)
  speakers.allow(ip('127.0.0.1'), mac(9), 1000)
  t.true(speakers.speaksFor(ip('127.0.0.1'), mac(9)))
  t.false(speakers.speaksFor(ip('127.0.0.2'), mac(9)))
  t.false(speakers.speaksFor(ip('127.0.0.1'), mac(8)))
  speakers.allow(ip('127.0.0.1'), mac(8), 2000)
  t.is(speakers.macAt(ip('127.0.0.1')), mac(8))
  clock.advance(1)
  t.false(speakers.speaksFor(ip('127.0.0.1'), mac(9)))
  t.true(speakers.speaksFor(ip('127.0.0.1'), mac(8)))
  clock.advance(1)
  t.is(speakers.macAt(ip('127.0.0.1')), undefined)
})
