import test from 'ava'
import { Cards } from '../../src/boot/cards.ts'
import { change, machine, openStore, subnet } from '../support/inventory.ts'
import { mac } from '../support/values.ts'

const [VIRTIO, INTEL] = ['01:1a:f4:10:00', '01:80:86:10:0e']

/** Two machines, and how often they were written. */
async function open() {
  const store = openStore()
  const { inventory, clock } = store
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    for (const number of [1, 2]) {
      draft.putMachine(
        machine(`db-${number}`, number, { interfaces: [{ mac: mac(number), ipv4: `10.77.0.${number}0` }] })
      )
    }
  })
  const { revision } = inventory
  return {
    ...store,
    cards: new Cards(inventory, clock.now),
    writes: () => inventory.revision - revision,
    cardOf: (name: string) => inventory.need('machine', name).facts.busid
  }
}

test('the cards that are news are written together, those that are known not again', async (t) => {
  const { cards, cardOf, writes } = await open()
  const told = [
    { mac: mac(1), busId: VIRTIO },
    { mac: mac(2), busId: INTEL },
    { mac: mac(2), busId: undefined },
    { mac: mac(9), busId: VIRTIO }
  ]
  for (const _ of [1, 2]) await cards.learn(told)
  t.deepEqual([cardOf('db-1'), cardOf('db-2'), writes()], [VIRTIO, INTEL, 1])
})

test('a machine that names another card each time is written once a minute', async (t) => {
  const { cards, clock, cardOf, writes } = await open()
  for (const busId of [VIRTIO, INTEL, VIRTIO, INTEL]) await cards.learn([{ mac: mac(1), busId }])
  t.deepEqual([cardOf('db-1'), writes()], [VIRTIO, 1])
  clock.advance(59)
  await cards.learn([
    { mac: mac(1), busId: INTEL },
    { mac: mac(2), busId: INTEL }
  ])
  t.deepEqual([cardOf('db-1'), cardOf('db-2'), writes()], [VIRTIO, INTEL, 2])
  clock.advance(1)
  await cards.learn([{ mac: mac(1), busId: INTEL }])
  t.is(cardOf('db-1'), INTEL)
})
