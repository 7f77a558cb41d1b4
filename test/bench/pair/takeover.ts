/*
 * A relay agent with clients that ask two servers, and take what answers: how long until the other one answers clients of the one
 * that is struck. Arguments: the relay agent's address, the servers', then what strikes the first: a signal's name and a process, or a command. Prints milliseconds.
 */
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { BOOTREQUEST, decode, ETHERNET, encode } from '../../../src/dhcp/codec.ts'
import { entry, MESSAGE, read } from '../../../src/dhcp/options.ts'
import { type Ipv4, UNSPECIFIED } from '../../../src/net/ipv4.ts'
import { macToBytes } from '../../../src/net/mac.ts'
import { OPTION } from '../../../src/net/options/table.ts'
import { clientMac } from '../dhcp/site.ts'

/** Each asks again after a second, with the seconds since it began (Kea's standby counts those). */
const CLIENTS = 400
const PAUSE_MS = 5
const LONGEST_MS = 180_000

const [relay, first, second, ...strike] = process.argv.slice(2) as [Ipv4, Ipv4, Ipv4, ...string[]]
const socket = createSocket('udp4')
const ofTheFirst = new Set<number>()
let struckAt: number | undefined
let answeredAt: number | undefined

socket.on('message', (bytes, { address }) => {
  const packet = decode(bytes)
  if (read(packet.options, OPTION.messageType) !== MESSAGE.OFFER) return
  if (struckAt === undefined && address === first) ofTheFirst.add(packet.xid)
  if (struckAt !== undefined && address === second && ofTheFirst.has(packet.xid)) answeredAt ??= performance.now()
})
socket.bind(67, relay)
await once(socket, 'listening')

for (let client = 1; client <= CLIENTS; client += 1) {
  discover(client, 0)
  await sleep(PAUSE_MS)
}
await sleep(1000)
if (ofTheFirst.size < CLIENTS / 10) throw new Error(`the first server answered only ${ofTheFirst.size} of ${CLIENTS}`)

const clients = Array.from(ofTheFirst)
struckAt = performance.now()
hit(strike)
const began = new Map<number, number>()
const lastAsked = new Map<number, number>()
for (
  let at = 0;
  answeredAt === undefined && performance.now() - struckAt < LONGEST_MS;
  at = (at + 1) % clients.length
) {
  const client = clients[at] as number
  const now = performance.now()
  if (now - (lastAsked.get(client) ?? 0) >= 1000) {
    began.set(client, began.get(client) ?? now)
    lastAsked.set(client, now)
    discover(client, Math.round((now - (began.get(client) as number)) / 1000))
  }
  await sleep(PAUSE_MS)
}
socket.close()
if (answeredAt === undefined) throw new Error(`nobody took over in ${LONGEST_MS / 1000} s`)
console.log(answeredAt - struckAt)

function hit([what = '', ...rest]: readonly string[]): void {
  if (what.startsWith('SIG')) process.kill(Number(rest[0]), what as NodeJS.Signals)
  else execFileSync(what, rest)
}

/** A client's number is its transaction id. */
function discover(client: number, secs: number): void {
  const packet = encode({
    op: BOOTREQUEST,
    htype: ETHERNET,
    hops: 1,
    xid: client,
    secs,
    flags: 0,
    ciaddr: UNSPECIFIED,
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    giaddr: relay,
    chaddr: macToBytes(clientMac(client)),
    sname: '',
    file: '',
    options: new Map([entry(OPTION.messageType, MESSAGE.DISCOVER)])
  })
  for (const server of [first, second]) socket.send(packet, 67, server)
}
