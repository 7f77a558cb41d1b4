import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import test from 'ava'
import { BOOTREQUEST, decode, ETHERNET, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { type Ipv4, UNSPECIFIED } from '../../src/net/ipv4.ts'
import { type Mac, macToBytes } from '../../src/net/mac.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import { eventually } from './eventually.ts'
import { MAC, type Running, startSite } from './running.ts'

/** The machines' network, all of whose addresses are this host's; and what the other server gives the machine there. */
const NETWORK = '127.77.0.0' as Ipv4
const GIVEN = '127.77.0.150' as Ipv4
const OTHER_SERVER = '127.77.0.2' as Ipv4
const LOOPBACK = '127.0.0.1' as Ipv4

test('a machine with an address from another server boots, step by step, and has no lease', async (t) => {
  const site = await startSite(t, { dhcp: 'proxy' })
  const { rest, config } = site
  const { dhcp } = config.ports
  await rest.created('/subnets', { cidr: `${NETWORK}/16` })
  await rest.send('POST', '/machines/web1/install')
  const machine = await open(GIVEN)
  t.teardown(() => machine.close())
  const relay = await open(LOOPBACK)
  t.teardown(() => relay.close())

  const offer = await exchange(relay, site, dhcp, firmware(MESSAGE.DISCOVER))
  t.like(offer, { yiaddr: UNSPECIFIED, file: '' })
  t.is(await script(site), 'wait', 'nobody knows yet who asks')
  relay.send(encode(firmware(MESSAGE.REQUEST, taken)), dhcp, serverOf(site))
  await eventually(t, async (tt) => tt.is(await script(site), 'install'))
  t.is(await script(site, LOOPBACK), 'wait')

  const ack = await exchange(
    machine,
    site,
    dhcp + 3944,
    firmware(MESSAGE.REQUEST, [], { giaddr: UNSPECIFIED, ciaddr: GIVEN })
  )
  t.like(ack, { yiaddr: UNSPECIFIED, file: 'ipxe.efi' })
  const iPxe = [[OPTION.userClass.code, Buffer.from('iPXE')]] as const
  t.regex((await exchange(relay, site, dhcp, firmware(MESSAGE.DISCOVER, iPxe))).file, /^http:.*\/ipxe$/)

  t.like((await rest.get('/leases')).body, { total: 0 })
  const explained = await rest.get<{ dhcp: object }>('/machines/web1/explain')
  t.like(explained.body.dhcp, { answer: 'offer', address: null })
})

const taken = [entry(OPTION.serverId, OTHER_SERVER), entry(OPTION.requestedAddress, GIVEN)]

async function open(address: Ipv4): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, address)
  await once(socket, 'listening')
  return socket
}

function serverOf({ config }: Running): string {
  return config.interfaces[0]?.address ?? ''
}

async function exchange(socket: Socket, site: Running, port: number, packet: Packet): Promise<Packet> {
  socket.send(encode(packet), port, serverOf(site))
  const [bytes] = await once(socket, 'message')
  return decode(bytes)
}

/** What a UEFI machine's packet is once it has come through the relay agent. */
function firmware(
  type: number,
  more: Iterable<readonly [number, Uint8Array]> = [],
  fields: Partial<Packet> = {}
): Packet {
  const nothing = { ciaddr: UNSPECIFIED, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, sname: '', file: '' }
  const agent = new Map([entry(RELAY_AGENT.linkSelection, NETWORK), entry(RELAY_AGENT.sourcePort, true)])
  return {
    ...{ op: BOOTREQUEST, htype: ETHERNET, hops: 1, xid: 7, secs: 0, flags: 0, giaddr: LOOPBACK, ...nothing },
    chaddr: macToBytes(MAC as Mac),
    options: new Map([
      entry(OPTION.messageType, type),
      entry(OPTION.architectures, [7]),
      entry(OPTION.vendorClass, 'PXEClient:Arch:00007:UNDI:003000'),
      ...more,
      entry(OPTION.relayAgent, agent)
    ]),
    ...fields
  }
}

/** Which script the machine is served. */
async function script({ config }: Running, from: Ipv4 = GIVEN): Promise<'install' | 'wait' | undefined> {
  const { http } = config.ports
  const options = { host: config.interfaces[0]?.address, port: http, path: `/boot/${MAC}/ipxe`, localAddress: from }
  const [response] = await once(httpRequest(options).end(), 'response')
  const served = await text(response)
  return served.includes('echo Installing') ? 'install' : served.includes('echo Waiting') ? 'wait' : undefined
}
