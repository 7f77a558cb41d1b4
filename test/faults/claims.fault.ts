import test from 'ava'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import type { Mac } from '../../src/net/mac.ts'
import { DhcpClients } from './lab/dhcp-clients.ts'
import { inState, onPair } from './lab/lab.ts'
import { sameOnBoth } from './lab/same.ts'

const ADDRESS = '10.77.5.5' as Ipv4

test.serial(
  'one address and one name claimed on both sides while apart: neither is given twice, and the conflict is seen on both',
  onPair(async (t, { a, b, networks }) => {
    const [macA, macB] = ['52:54:00:00:00:0a', '52:54:00:00:00:0b'] as Mac[] as [Mac, Mac]
    await networks.cut('link', 'prov')
    await inState('COMM_INT', a, b)
    await a.client.json('POST', '/machines', { name: 'one', interfaces: [{ mac: macA, ipv4: ADDRESS }] })
    await b.client.json('POST', '/machines', { name: 'other', interfaces: [{ mac: macB, ipv4: ADDRESS }] })
    await a.client.json('POST', '/machines', { name: 'same', interfaces: [{ mac: '52:54:00:00:01:0a' }] })
    await b.client.json('POST', '/machines', { name: 'same', interfaces: [{ mac: '52:54:00:00:01:0b' }] })
    await networks.heal('link', 'prov')
    await inState('NORMAL', a, b)

    await sameOnBoth(t, { a, b })
    for (const { client } of [a, b]) {
      const { items } = await client.json<{ items: { id: string; values: { value: unknown }[] }[] }>(
        'GET',
        '/conflicts'
      )
      t.deepEqual(
        items.map(({ id }) => id),
        [`ipv4/${ADDRESS}`, 'machine/same/interfaces']
      )
      t.deepEqual(
        items[0]?.values.map(({ value }) => value),
        ['one', 'other']
      )
      t.is(items[1]?.values.length, 2)
    }
    const clients = await DhcpClients.open()
    for (const mac of [macA, macB]) t.not((await clients.lease(mac))?.address, ADDRESS, `${mac} isn't given it`)

    await b.client.json('POST', '/conflicts/settle', { id: `ipv4/${ADDRESS}`, keep: 1 })
    t.is((await clients.lease(macA))?.address, ADDRESS)
    t.not((await clients.lease(macB))?.address, ADDRESS)
    await clients.close()
  })
)
