import test from 'ava'
import { ALL_CLIENTS, bound, comeBack, dhclient, dhcpcd, inform, udhcpc, withClients } from './lab/dhcp-clients.ts'
import type { Host } from './lab/host.ts'
import { inLab } from './lab/lab.ts'
import { SITE } from './lab/site.ts'
import { exchange, HANDSHAKE, hexOf, messages, option } from './lab/wire.ts'

/** Two minutes, the shortest that there are: T1 comes after one. */
const LEASE = 120
const INVENTORY = {
  ...SITE,
  subnets: SITE.subnets.map((subnet) => ({ ...subnet, dns: ['10.77.0.53', '10.77.0.54'], lease: LEASE }))
}

test(
  'a client gets a lease from the pool, renews it, comes back to it, and releases it',
  inLab(async (t, lab) => {
    const { network, tandem } = lab
    await tandem.apply(INVENTORY)
    await withClients(t, lab, ALL_CLIENTS, async (client, host) => {
      let since = Date.now()
      let running = await client.start(host)
      const lease = await bound(client, host, '10.77.0')
      const { address, server } = lease
      const told = { mask: '255.255.255.0', router: server, dns: '10.77.0.53 10.77.0.54', domain: 'lab.example' }
      t.deepEqual(lease, { ...told, address, server: '10.77.0.1', time: String(LEASE) }, client.name)
      t.regex(address, /^10\.77\.0\.1\d\d$/, client.name)
      await exchange(network.capture, { mac: host.mac, since }, HANDSHAKE)

      since = Date.now()
      await client.renew?.(host, running)
      const [renewal, renewed] = await exchange(
        network.capture,
        { mac: host.mac, since },
        ['REQUEST', 'ACK'],
        LEASE / 2 + 15
      )
      t.like(renewal, { source: address, destination: server, ciaddr: address }, client.name)
      t.like(renewed, { source: server, destination: address, yiaddr: address }, client.name)

      since = Date.now()
      running = await comeBack(client, host, running, network)
      const types = client.reboots ? ['REQUEST', 'ACK'] : HANDSHAKE
      const [first] = await exchange(network.capture, { mac: host.mac, since }, types, 15)
      t.is(option(first, 50), hexOf(address), `${client.name} asks for its old address`)
      t.is((await bound(client, host, '10.77.0')).address, address, client.name)

      since = Date.now()
      await client.release(host, running)
      await exchange(network.capture, { mac: host.mac, since }, ['RELEASE'])
      t.like(await tandem.leases('--all', '--mac', host.mac), [{ address, state: 'released' }], client.name)
    })
  })
)

test(
  'a client that was moved to another interface of Tandem is refused its old address there and gets one that is right',
  inLab(async (t, lab) => {
    const { network, secondNetwork, tandem } = lab
    await tandem.apply(INVENTORY)
    await withClients(t, lab, ALL_CLIENTS, async (client, host) => {
      const running = await client.start(host)
      const { address, ...first } = await bound(client, host, '10.77.0')
      t.like(first, { router: '10.77.0.1', server: '10.77.0.1' }, client.name)

      const since = Date.now()
      await comeBack(client, host, running, secondNetwork)
      const types = client.reboots ? ['REQUEST', 'NAK', ...HANDSHAKE] : HANDSHAKE
      const [request] = await exchange(secondNetwork.capture, { mac: host.mac, since }, types, 30)
      t.is(option(request, 50), hexOf(address), `${client.name} asks for its old address`)
      t.like(await bound(client, host, '10.80.0'), { router: '10.80.0.1', server: '10.80.0.1' }, client.name)
    })
    for (const { capture, address } of [network, secondNetwork]) {
      const answers = (await messages(capture)).filter(({ type }) => ['OFFER', 'ACK', 'NAK'].includes(type))
      t.true(answers.length > 0 && answers.every(({ source }) => source === address))
    }
  })
)

test(
  'a client that finds its address used by another host declines it and gets another',
  inLab(async (t, lab) => {
    const { network, tandem } = lab
    await tandem.apply(INVENTORY)
    // systemd-networkd 252 fails to send its DECLINE: "Network is unreachable".
    await withClients(t, lab, [dhclient, udhcpc, dhcpcd], async (client, host) => {
      await client.start(host)
      const { address } = await bound(client, host, '10.77.0')

      await host.cutPower()
      const other = await lab.host(host.mac.replace('52:54:00:00:01', '52:54:00:00:02'))
      await other.execute(['ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
      const since = Date.now()
      await client.start(host)
      const granted = client.reboots ? ['REQUEST', 'ACK'] : HANDSHAKE
      const exchanged = await exchange(
        network.capture,
        { mac: host.mac, since },
        [...granted, 'DECLINE', ...HANDSHAKE],
        40
      )
      t.is(option(exchanged[granted.length], 50), hexOf(address), client.name)
      const lease = await bound(client, host, '10.77.0')
      t.not(lease.address, address, client.name)
      const leases = await tandem.leases('--all', '--mac', host.mac)
      const states = new Map(leases.map((each) => [each.address, each.state]))
      t.deepEqual(
        states,
        new Map([
          [address, 'declined'],
          [lease.address, 'active']
        ]),
        client.name
      )
    })
  })
)

test(
  'on a shared network, a client gets an address of the other subnet once the first has none left, and keeps it',
  inLab(async (t, lab) => {
    const { network, tandem } = lab
    const onLink = (prefix: string, last: string) => ({
      cidr: `${prefix}.0/24`,
      gateway: `${prefix}.1`,
      pools: [{ from: `${prefix}.100`, to: `${prefix}.${last}` }],
      sharedNetwork: 'rack-1'
    })
    await tandem.apply({ subnets: [onLink('10.77.0', '100'), onLink('10.81.0', '199')] })
    await network.run(['ip', 'addr', 'add', '10.81.0.1/24', 'dev', network.bridge])
    const [first, second] = [await lab.host('52:54:00:00:01:0a'), await lab.host('52:54:00:00:01:0b')]
    await udhcpc.start(first)
    t.is((await bound(udhcpc, first, '10.77.0')).address, '10.77.0.100')

    const running = await dhcpcd.start(second)
    const { address, ...told } = await bound(dhcpcd, second, '10.81.0')
    t.like(told, { mask: '255.255.255.0', router: '10.81.0.1', server: '10.77.0.1' })
    let since = Date.now()
    await dhcpcd.renew?.(second, running)
    const [renewal] = await exchange(network.capture, { mac: second.mac, since }, ['REQUEST', 'ACK'])
    t.like(renewal, { source: address, destination: '10.77.0.1' })
    since = Date.now()
    await comeBack(dhcpcd, second, running, network)
    await exchange(network.capture, { mac: second.mac, since }, ['REQUEST', 'ACK'], 15)
    t.is((await bound(dhcpcd, second, '10.81.0')).address, address)
  })
)

test(
  'whatever client identifier a machine sends, it has its fixed address, or its one lease of the pool',
  inLab(async (t, lab) => {
    const { network, tandem } = lab
    await tandem.apply(INVENTORY)
    const [registered, unknown] = [await lab.host('52:54:00:00:01:0a'), await lab.host('52:54:00:00:01:0b')]
    const fixed = '10.77.0.20'
    await tandem.cli('machine', 'add', 'node-1', '--mac', registered.mac, '--ipv4', fixed)

    const inTurn = async (host: Host): Promise<Set<string>> => {
      const addresses = new Set<string>()
      for (const client of ALL_CLIENTS) {
        await client.start(host)
        addresses.add((await bound(client, host, '10.77.0')).address)
        await host.cutPower()
      }
      return addresses
    }
    const [ofRegistered, ofUnknown] = await Promise.all([inTurn(registered), inTurn(unknown)])
    t.deepEqual(ofRegistered, new Set([fixed]))
    t.is(ofUnknown.size, 1)
    for (const { mac } of [registered, unknown]) {
      const requests = (await messages(network.capture)).filter((each) => each.mac === mac && each.type === 'REQUEST')
      const identifiers = new Set(requests.map((request) => option(request, 61)))
      t.is(identifiers.size, ALL_CLIENTS.length, 'each identified itself otherwise')
      t.is((await tandem.leases()).filter((lease) => lease.mac === mac).length, 1)
    }
  })
)

test(
  'a host with an address of its own asks by INFORM for the rest',
  inLab(async (t, lab) => {
    const { network, tandem } = lab
    await tandem.apply(INVENTORY)
    const host = await lab.host('52:54:00:00:01:0c')
    const own = '10.77.0.50'
    const since = Date.now()
    await inform(host, `${own}/24`)
    const [question, answer] = await exchange(network.capture, { mac: host.mac, since }, ['INFORM', 'ACK'], 15)
    t.like(question, { ciaddr: own })
    t.like(answer, { destination: own, yiaddr: '0.0.0.0' })
    t.is(option(answer, 6), hexOf('10.77.0.53') + hexOf('10.77.0.54'))
    t.is(option(answer, 51), undefined, 'it is no lease')
    t.deepEqual(await tandem.leases(), [])
  })
)
