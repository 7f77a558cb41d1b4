import test from 'ava'
import { bound, comeBack, dhcpcd, udhcpc } from './lab/dhcp-clients.ts'
import { inLab } from './lab/lab.ts'
import type { Network } from './lab/network.ts'
import { dhcrelay, dnsmasq, makeRelayedSegments } from './lab/relay.ts'
import { SITE } from './lab/site.ts'
import { exchange, HANDSHAKE, messages, option } from './lab/wire.ts'

const RELAY_AGENT = 82

for (const { name, agent, information } of [
  { name: "ISC's dhcrelay", agent: dhcrelay, information: circuitId },
  { name: 'dnsmasq', agent: dnsmasq, information: () => undefined }
]) {
  test(
    `a client behind ${name} gets a lease of its own subnet, renews it past the relay agent, and another behind the next`,
    inLab(async (t, lab) => {
      const { network, tandem } = lab
      await tandem.apply(SITE)
      const [first, second] = await makeRelayedSegments(lab, agent)

      const followed = async (client: typeof udhcpc, mac: string) => {
        const host = await lab.host(mac, first)
        const running = await client.start(host)
        const { address, ...told } = await bound(client, host, '10.78.0')
        t.like(told, { mask: '255.255.255.0', router: first.address, server: network.address }, client.name)

        let since = Date.now()
        await client.renew?.(host, running)
        const direct = { mac, since, giaddr: '0.0.0.0' }
        const [renewal, renewed] = await exchange(network.capture, direct, ['REQUEST', 'ACK'])
        t.like(renewal, { source: address, destination: network.address, ciaddr: address }, client.name)
        t.like(renewed, { source: network.address, destination: address }, client.name)

        since = Date.now()
        await comeBack(client, host, running, second)
        const refused = client.reboots ? ['REQUEST', 'NAK'] : []
        await exchange(network.capture, { mac, since, giaddr: second.address }, [...refused, ...HANDSHAKE], 20)
        t.like(await bound(client, host, '10.79.0'), { router: second.address, server: network.address }, client.name)
      }
      await Promise.all([followed(udhcpc, '52:54:00:00:01:01'), followed(dhcpcd, '52:54:00:00:01:02')])

      for (const segment of [first, second]) {
        const relayed = (await messages(network.capture)).filter(({ giaddr }) => giaddr === segment.address)
        t.deepEqual(new Set(relayed.map((each) => option(each, RELAY_AGENT))), new Set([information(segment)]))
        const answers = relayed.filter(({ source }) => source === network.address)
        t.true(answers.length > 0)
        for (const { options } of answers.filter((each) => option(each, RELAY_AGENT))) {
          t.is(options.at(-1)?.[0], RELAY_AGENT, 'it comes last')
        }
      }
    })
  )
}

/** What dhcrelay tells of where a client is (RFC 3046): the name of its interface as the circuit id. */
function circuitId({ bridge }: Network): string {
  return Buffer.from([1, bridge.length, ...Buffer.from(bridge)]).toString('hex')
}
