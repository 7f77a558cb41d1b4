import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { Random } from '../../dhcp/fuzz/random.ts'

/** What befalls packets in either direction, each once in so many; the seed makes which ones. */
export type Faults = {
  readonly seed: number
  readonly lost: number
  readonly doubled: number
  /** Kept back for up to {@link latest} milliseconds, so that what comes later goes first. */
  readonly late: number
  readonly latest: number
  /** RRQ, OACK and the ACK of block 0 pass unharmed. */
  readonly sparesOpening: boolean
}

/** What the proxy prints when it is ended, on one line: packets, both directions together. */
export type Tally = { passed: number; lost: number; doubled: number; late: number }

/** Its one argument, as JSON: IPv4 addresses, both with TFTP's port. */
export type Errand = { readonly listen: string; readonly server: string; readonly faults: Faults }

const TFTP = 69
const { listen, server, faults } = JSON.parse(process.argv[2] ?? '') as Errand
const random = new Random(faults.seed)
const tally: Tally = { passed: 0, lost: 0, doubled: 0, late: 0 }

/**
 * Stands between TFTP clients and their server, as a bad network would. A transfer's two ends know each other by address
 * and port (RFC 1350, section 4), so there is a socket towards the server for each port of a client, and one towards the
 * client for each port that the server answers from.
 */
const front = await open(listen, TFTP)
const upstream = new Map<number, Promise<Socket>>()
front.on('message', async (bytes, client) => {
  let towards = upstream.get(client.port)
  if (!towards) {
    towards = openUpstream(client.address, client.port)
    upstream.set(client.port, towards)
  }
  const socket = await towards
  carry(bytes, () => socket.send(bytes, TFTP, server))
})
process.on('SIGTERM', () => {
  console.log(JSON.stringify(tally))
  process.exit(0)
})

async function openUpstream(address: string, port: number): Promise<Socket> {
  const socket = await open('0.0.0.0', 0)
  const downstream = new Map<number, Promise<Socket>>()
  socket.on('message', async (bytes, from) => {
    let towards = downstream.get(from.port)
    if (!towards) {
      towards = openDownstream((answer) => socket.send(answer, from.port, server))
      downstream.set(from.port, towards)
    }
    const back = await towards
    carry(bytes, () => back.send(bytes, port, address))
  })
  return socket
}

async function openDownstream(answer: (bytes: Buffer) => void): Promise<Socket> {
  const socket = await open(listen, 0)
  socket.on('message', (bytes) => carry(bytes, () => answer(bytes)))
  return socket
}

async function open(address: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(port, address)
  await once(socket, 'listening')
  return socket
}

function carry(bytes: Buffer, send: () => void): void {
  if (faults.sparesOpening && opens(bytes)) send()
  else mistreat(send)
}

/** By opcode, and an ACK by its number too. */
function opens(bytes: Buffer): boolean {
  const opcode = bytes.readUInt16BE(0)
  return opcode === 1 || opcode === 6 || (opcode === 4 && bytes.readUInt16BE(2) === 0)
}

function mistreat(send: () => void): void {
  if (random.once(faults.lost)) {
    tally.lost += 1
    return
  }
  tally.passed += 1
  if (random.once(faults.late)) {
    tally.late += 1
    setTimeout(send, 1 + random.below(faults.latest))
  } else send()
  if (random.once(faults.doubled)) {
    tally.doubled += 1
    setTimeout(send, random.below(faults.latest))
  }
}
