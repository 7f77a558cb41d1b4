import test from 'ava'
import { destination } from '../../src/dhcp/destination.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { LIMITED_BROADCAST } from '../../src/net/ipv4.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import { fromHex, ip, packet } from './vectors.ts'

const FROM = { address: ip('10.77.0.2'), port: 40000 }
const RELAY = ip('10.88.0.1')
const CLIENT = ip('10.77.0.9')
const OWN_PORT = entry(OPTION.relayAgent, new Map([entry(RELAY_AGENT.sourcePort, true)]))
const INFORM = entry(OPTION.messageType, MESSAGE.INFORM)
const MALFORMED_OWN_PORT = [82, fromHex('1301 00')] as const

for (const [rule, fields, options, message, address, port] of [
  ['RFC 2131: through the relay agent', { giaddr: RELAY }, [], 'OFFER', RELAY, 67],
  ['RFC 2131: a NAK through the relay agent too', { giaddr: RELAY }, [], 'NAK', RELAY, 67],
  ['the relay agent comes before ciaddr', { giaddr: RELAY, ciaddr: CLIENT }, [], 'ACK', RELAY, 67],
  ["RFC 8357: at the relay agent's own port, by its address", { giaddr: RELAY }, [OWN_PORT], 'ACK', RELAY, 40000],
  ['a source port that is malformed', { giaddr: RELAY }, [MALFORMED_OWN_PORT], 'ACK', RELAY, 67],
  ['only a relay agent has a port of its own', {}, [OWN_PORT], 'ACK', LIMITED_BROADCAST, 68],
  ['RFC 2131: to the address in use', { ciaddr: CLIENT }, [], 'ACK', CLIENT, 68],
  ['to the address in use, though a broadcast is asked for', { ciaddr: CLIENT, flags: 0x8000 }, [], 'ACK', CLIENT, 68],
  ['RFC 2131: a NAK to all', { ciaddr: CLIENT }, [], 'NAK', LIMITED_BROADCAST, 68],
  ["RFC 2131, 4.3.5: to an INFORM's own address", { ciaddr: CLIENT }, [INFORM], 'ACK', CLIENT, 68],
  ['RFC 2131, 4.3.5: past the relay agent', { ciaddr: CLIENT, giaddr: RELAY }, [INFORM], 'ACK', CLIENT, 68],
  ['RFC 951: to a client without an address to all', {}, [], 'BOOTREPLY', LIMITED_BROADCAST, 68],
  ['RFC 951: to the address that it has', { ciaddr: CLIENT }, [], 'BOOTREPLY', CLIENT, 68],
  ['RFC 951: through the relay agent', { giaddr: RELAY }, [], 'BOOTREPLY', RELAY, 67],
  ['to all, where a broadcast is asked for', { flags: 0x8000 }, [], 'OFFER', LIMITED_BROADCAST, 68],
  ['to all, as Linux cannot send to an address that does not answer ARP', {}, [], 'OFFER', LIMITED_BROADCAST, 68]
] as const) {
  test(`${message} ${rule}: ${address}:${port}`, (t) => {
    t.deepEqual(destination(packet(fields, options), message, FROM, 67), { address, port })
  })
}

test("nothing can be sent to port 0: a relay agent that claims it is answered at the servers' port", (t) => {
  const request = packet({ giaddr: RELAY }, [OWN_PORT])
  t.is(destination(request, 'ACK', { ...FROM, port: 0 }, 67).port, 67)
})

test('another server port moves the ports of relay agents and clients with it', (t) => {
  t.is(destination(packet({ giaddr: RELAY }), 'ACK', FROM, 6767).port, 6767)
  t.is(destination(packet({ ciaddr: CLIENT }), 'ACK', FROM, 6767).port, 6768)
  t.is(destination(packet(), 'ACK', FROM, 6767).port, 6768)
})
