import { mock } from 'node:test'
import test, { type ExecutionContext } from 'ava'
import { start } from '../../src/dhcp/authoritative.ts'
import { decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import type { Endpoint } from '../../src/net/endpoint.ts'
import { LIMITED_BROADCAST } from '../../src/net/ipv4.ts'
import { OPTION } from '../../src/net/options/table.ts'
import type { Step } from '../../src/net/step.ts'
import type { Cast, Interface, UdpHandlers, UdpSocket } from '../../src/net/udp.ts'
import { GRANTING } from './loopback.ts'
import { fromHex, ip, packet, plain } from './vectors.ts'

const OURS = ip('10.77.0.1')
const THEIRS = ip('10.77.0.2')
const LINK: Interface = { name: 'br0', address: OURS }
const LOOPBACK: Interface = { name: 'lo', address: ip('127.0.0.1') }
/** What the probe's dice say: the hardware address, then a transaction a look. */
const DICE = ['aabbccddeeff', '00000001', '00000002', '00000003']
const PROBING = fromHex('aabbccddeeff')

/** A server whose links are only made up, and which hears what it is told. */
async function serving(t: ExecutionContext, interfaces: readonly Interface[] = [LINK]) {
  const steps: Step[] = []
  const sent: { at: Interface; packet: Packet; to: Endpoint }[] = []
  const dice = DICE.map((each) => Buffer.from(each, 'hex'))
  let handlers: UdpHandlers | undefined
  const socketOf = (at: Interface): UdpSocket => ({
    at,
    port: 67,
    behind: 0,
    send: (bytes, to) => sent.push({ at, packet: plain(decode(bytes.slice())), to }),
    close: async () => {}
  })
  const sockets = interfaces.map(socketOf)
  const server = await start({
    interfaces,
    port: 67,
    async open(_interfaces, _port, given) {
      handlers = given
      return sockets
    },
    allocator: GRANTING,
    random: () => dice.shift() ?? Buffer.alloc(4),
    report: (step) => steps.push(step),
    trace: { record() {} },
    now: () => 0
  })
  t.teardown(() => server.close())
  const hear = (packet: Packet, cast: Cast, from: Endpoint = { address: THEIRS, port: 67 }) => {
    const [socket] = sockets
    if (socket) handlers?.receive({ bytes: encode(packet), from, cast, socket })
    const { asked, level, outcome, answered } = steps.at(-1) as Step
    return { asked: typeof asked === 'string' ? asked : asked(), level, outcome, answered }
  }
  return { server, sent, steps, hear }
}

const offer = packet({ op: 2, giaddr: OURS, chaddr: PROBING }, [
  entry(OPTION.messageType, MESSAGE.OFFER),
  entry(OPTION.serverId, THEIRS)
])
const NEWS =
  'nothing: another DHCP server, 10.77.0.2, gives addresses on br0, and machines that take them may not boot: stop it, or set provisioning.dhcp.mode to proxy or off'

test('at its start it asks all links but loopback who else serves them, as one relay agent each', async (t) => {
  const second = { name: 'br1', address: ip('10.80.0.1') }
  const { sent } = await serving(t, [LINK, LOOPBACK, second])
  const to = { address: LIMITED_BROADCAST, port: 67 }
  t.is(sent.length, 2)
  t.like(sent[0], { at: LINK, to, packet: { xid: 1, giaddr: OURS, chaddr: PROBING } })
  t.like(sent[1], { at: second, to, packet: { xid: 2, giaddr: second.address, chaddr: PROBING } })
})

test.serial('it asks again every ten minutes, until it is closed', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const { server, sent } = await serving(t)
  mock.timers.tick(599_999)
  t.is(sent.length, 1)
  mock.timers.tick(1)
  t.is(sent.length, 2)
  t.like(sent[1]?.packet, { xid: 2 })
  await server.close()
  mock.timers.tick(1_200_000)
  t.is(sent.length, 2)
})

test('it gives no address to its own probe, which comes back to it', async (t) => {
  const { sent, hear } = await serving(t)
  const [probe] = sent.splice(0)
  if (probe === undefined) return t.fail()
  t.like(hear(probe.packet, 'broadcast', { address: OURS, port: 67 }), { level: 'debug', outcome: 'probe' })
  t.deepEqual(sent, [])
})

test('another server that answers is news once, and counted each time', async (t) => {
  const { hear } = await serving(t)
  t.deepEqual(hear(offer, 'unicast'), {
    asked: 'an OFFER to the probe',
    level: 'warn',
    outcome: 'foreign-server',
    answered: NEWS
  })
  t.like(hear(offer, 'unicast'), { level: 'debug', outcome: 'foreign-server' })
})

test('so is one that a client takes an address from', async (t) => {
  const { hear, sent } = await serving(t)
  sent.splice(0)
  const request = packet({}, [
    entry(OPTION.messageType, MESSAGE.REQUEST),
    entry(OPTION.serverId, THEIRS),
    entry(OPTION.requestedAddress, ip('10.77.0.150'))
  ])
  t.deepEqual(hear(request, 'broadcast'), {
    asked: 'REQUEST to 10.77.0.2',
    level: 'warn',
    outcome: 'foreign-server',
    answered: NEWS
  })
  t.like(hear(offer, 'unicast'), { level: 'debug' })
  t.like(hear({ ...request, giaddr: ip('10.78.0.1') }, 'unicast'), { level: 'debug', outcome: 'elsewhere' })
  t.deepEqual(sent, [])
})
