import test from 'ava'
import { DhcpClients as Clients, type DhcpClients, givenTwice, macOf } from './lab/dhcp-clients.ts'
import { inState, onPair } from './lab/lab.ts'
import { keptLeases, leasesOf, machinesOf, sameOnBoth, untilTold } from './lab/same.ts'

/** New clients, each once. */
async function newClients(clients: DhcpClients, first: number, count: number): Promise<number> {
  const got = Array.from({ length: count }, (_, index) => clients.lease(macOf(first + index), ['a', 'b'], [500, 1000]))
  return (await Promise.all(got)).filter((each) => each !== undefined).length
}

test.serial(
  'a alone, a dies, stale b alone, a returns: no address goes to two clients, nothing is lost, what was written twice is a conflict',
  onPair(async (t, lab) => {
    const { a, b } = lab
    const clients = await Clients.open()
    const known = { interfaces: [{ mac: '52:54:00:00:00:01' }] }
    await a.client.json('POST', '/machines', { name: 'known', ...known })
    t.is(await newClients(clients, 1, 16), 16)
    const ofB = clients.ledger.find(({ by }) => by === 'b')

    await untilTold(a, b)
    await keptLeases(b)
    await b.stop()
    await a.until('COMM_INT')
    await a.client.json('POST', '/machines', { name: 'of-a', interfaces: [{ mac: '52:54:00:00:00:0a' }] })
    await a.client.json('PATCH', '/machines/known', { serial: 'a' })
    t.is(await newClients(clients, 100, 16), 16)

    await a.kill()
    await b.start()
    await b.client.json('POST', '/machines', { name: 'of-b', interfaces: [{ mac: '52:54:00:00:00:0b' }] })
    await b.client.json('PATCH', '/machines/known', { serial: 'b' })
    t.is(await newClients(clients, 200, 8), 0, 'who was started without the other gives nobody an address anew')
    const renewed = ofB && (await clients.renew(ofB.mac, ofB.address))
    t.is(renewed?.by, 'b', 'whoever has one goes on with it')
    await b.untilStatus('a is silent for long', ({ lastContact }) => lastContact.link === null)
    await b.client.json('POST', '/pair/partner-down', { poweredOff: true })
    t.is(await newClients(clients, 300, 8), 0, 'nor at once when it is made sole')
    t.true(Date.parse((await b.status()).sole?.othersAddressesFrom ?? '') > Date.now() + 600_000)

    await a.start()
    await inState('NORMAL', a, b)
    t.is(await newClients(clients, 400, 16), 16)
    await untilTold(a, b)
    t.deepEqual(givenTwice(clients.ledger), [])
    for (const each of [a, b]) {
      const names = await machinesOf(each)
      for (const name of ['known', 'of-a', 'of-b']) t.true(names.has(name), `${name} is at ${each.side}`)
      const held = new Map((await leasesOf(each)).map(({ address, mac }) => [address, mac]))
      for (const { address, mac } of clients.ledger) t.is(held.get(address), mac)
      const { items } = await each.client.json<{ items: { id: string; values: { value: string }[] }[] }>(
        'GET',
        '/conflicts'
      )
      t.deepEqual(
        items.map(({ id }) => id),
        ['machine/known/serial']
      )
      t.deepEqual(items[0]?.values.map(({ value }) => value).sort(), ['a', 'b'])
    }
    await sameOnBoth(t, lab)
  })
)
