import test from 'ava'
import { Sightings } from '../../src/boot/sightings.ts'
import { FakeClock } from '../support/clock.ts'
import { ip, mac } from '../support/values.ts'

const HERE = ip('10.77.0.100')
const THERE = ip('10.77.0.101')

function open(registered: readonly number[] = []) {
  const clock = new FakeClock()
  const macs = registered.map(mac)
  return { clock, sightings: new Sightings((each) => macs.includes(each), clock.now) }
}

test('a client is where it was heard of last', (t) => {
  const { sightings } = open()
  t.is(sightings.of(mac(1)), undefined)
  sightings.note(mac(1), HERE, 'ipxe.efi', true)
  t.like(sightings.of(mac(1)), { address: HERE, loader: 'ipxe.efi' })
  t.is(sightings.macAt(HERE), mac(1))
  sightings.note(mac(1), THERE, null, true)
  t.like(sightings.of(mac(1)), { address: THERE, loader: null })
  t.is(sightings.macAt(THERE), mac(1))
  t.is(sightings.macAt(HERE), undefined)
})

test('each time that it is heard of is another handshake', (t) => {
  const { sightings, clock } = open()
  const handshakes = [1, 2, 3].map(() => {
    clock.advance(1)
    sightings.note(mac(1), HERE, null, true)
    return sightings.of(mac(1))?.handshake
  })
  t.is(new Set(handshakes).size, 3)
})

test('after a week nothing is known of it any more', (t) => {
  const { sightings, clock } = open([1])
  sightings.note(mac(1), HERE, null, true)
  clock.advance(604_799)
  t.is(sightings.macAt(HERE), mac(1))
  clock.advance(1)
  t.is(sightings.of(mac(1)), undefined)
  t.is(sightings.macAt(HERE), undefined)
  sightings.note(mac(2), HERE, null, false)
  sightings.note(mac(1), THERE, null, false)
  t.is(sightings.macAt(HERE), mac(2), 'nor that it had the address')
})

test('who is offered an address has it, whoever had it before', (t) => {
  const { sightings } = open()
  sightings.note(mac(1), HERE, null, true)
  sightings.note(mac(2), HERE, null, true)
  t.is(sightings.macAt(HERE), mac(2))
  t.is(sightings.of(mac(1)), undefined)
})

test('who only wants an address back takes it from nobody', (t) => {
  const { sightings, clock } = open()
  sightings.note(mac(1), HERE, null, true)
  sightings.note(mac(2), HERE, null, false)
  t.is(sightings.macAt(HERE), mac(1))
  t.is(sightings.of(mac(2)), undefined)
  sightings.note(mac(1), HERE, null, false)
  t.is(sightings.macAt(HERE), mac(1), 'it may have its own')
  clock.advance(604_800)
  sightings.note(mac(2), HERE, null, false)
  t.is(sightings.macAt(HERE), mac(2), 'once nothing is known of the other')
})

test('strangers can neither grow the memory nor push out registered machines', (t) => {
  const { sightings } = open([1])
  const address = (number: number) => ip(`10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`)
  sightings.note(mac(1), HERE, null, true)
  for (let number = 2; number < 10_003; number += 1) sightings.note(mac(number), address(number), null, true)
  t.is(sightings.macAt(HERE), mac(1))
  t.is(sightings.macAt(address(2)), undefined, 'the one heard of longest ago')
  t.is(sightings.macAt(address(3)), mac(3))
  t.is(sightings.macAt(address(10_002)), mac(10_002))
  sightings.note(mac(3), address(3), null, true)
  sightings.note(mac(20_000), address(20_000), null, true)
  t.is(sightings.macAt(address(3)), mac(3), 'heard of again')
  t.is(sightings.macAt(address(4)), undefined)
})
