import { createSocket, type RemoteInfo } from 'node:dgram'
import { on } from 'node:events'
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ForeignServer, type Probe, withServer } from './probe.ts'

const OPCODES = ['', 'RRQ', 'WRQ', 'DATA', 'ACK', 'ERROR', 'OACK'] as const
const BOOT_FILE_BYTES = 4096

type Datagram = { readonly bytes: Buffer; readonly port: number }

/** One client port. */
type Client = {
  /** The server's folder. */
  readonly root: string
  /** To the server's port, or to a transfer's. */
  send(bytes: Buffer, port?: number): void
  next(): Promise<Datagram>
}

type Session = Omit<Probe, 'package' | 'run'> & { readonly talk: (client: Client) => Promise<string> }

const SESSIONS: readonly Session[] = [
  {
    claim: "an empty datagram to a transfer's port ends the process",
    how: 'RRQ; a datagram of no bytes to the port that DATA came from',
    async talk(client) {
      client.send(request('RRQ', 'boot.efi'))
      const first = await client.next()
      client.send(Buffer.alloc(0), first.port)
      return `goes on with ${opcode(await client.next())}`
    },
    seen: 'the process ends: RangeError [ERR_BUFFER_OUT_OF_BOUNDS]: Attempt to access memory outside buffer bounds'
  },
  {
    claim: 'options in upper case are ignored (RFC 2347: case insensitive)',
    how: 'RRQ with blksize 1024, then with BLKSIZE 1024',
    async talk(client) {
      client.send(request('RRQ', 'boot.efi', 'octet', 'blksize', '1024'))
      const lower = await client.next()
      client.send(error(), lower.port)
      client.send(request('RRQ', 'boot.efi', 'octet', 'BLKSIZE', '1024'))
      const upper = await client.next()
      return `${opcode(lower)}; ${opcode(upper)} of ${upper.bytes.length - 4} bytes`
    },
    seen: 'OACK; DATA of 512 bytes'
  },
  {
    claim: 'netascii is accepted but sent as octet (RFC 1350, 1: lines end in CR LF)',
    how: 'RRQ in netascii for a file of "a", LF, "b"',
    async talk(client) {
      client.send(request('RRQ', 'lines.txt', 'netascii'))
      return content(await client.next())
    },
    seen: 'DATA 61 0a 62'
  },
  {
    claim: 'a symbolic link leads out of the root',
    how: 'RRQ for ../secret, then for a link in the root to the same file',
    async talk(client) {
      client.send(request('RRQ', '../secret'))
      const above = await client.next()
      client.send(request('RRQ', 'link'))
      return `${opcode(above)}; ${content(await client.next())}`
    },
    seen: 'ERROR; DATA 73 65 63 72 65 74'
  },
  {
    claim: 'an unsolicited write empties a boot file, by default',
    how: `WRQ for a file of ${BOOT_FILE_BYTES} bytes, no DATA sent`,
    async talk(client) {
      client.send(request('WRQ', 'boot.efi'))
      const answer = await client.next()
      const size = await untilChanged(join(client.root, 'boot.efi'), BOOT_FILE_BYTES)
      return `${opcode(answer)}; then ${size}`
    },
    seen: 'ACK; then 0 bytes'
  },
  {
    claim: 'and when the writer gives up, the boot file is deleted',
    how: 'the same, then an ERROR from the writer',
    async talk(client) {
      client.send(request('WRQ', 'boot.efi'))
      const answer = await client.next()
      await untilChanged(join(client.root, 'boot.efi'), BOOT_FILE_BYTES)
      client.send(error(), answer.port)
      return `${opcode(answer)}; then ${await untilChanged(join(client.root, 'boot.efi'), 0)}`
    },
    seen: 'ACK; then no file'
  },
  {
    claim: 'a duplicated RRQ starts another transfer',
    how: 'the same RRQ three times from one port; the ports that DATA 1 comes from',
    async talk(client) {
      for (let copy = 0; copy < 3; copy++) client.send(request('RRQ', 'boot.efi'))
      const ports = new Set<number>()
      while (ports.size < 3) ports.add((await client.next()).port)
      return `${ports.size} transfers`
    },
    seen: '3 transfers'
  }
]

export const TFTP_PROBES: readonly Probe[] = SESSIONS.map(({ claim, how, seen, talk }) => ({
  package: 'tftp',
  claim,
  how,
  seen,
  run: () => inFolder((root) => withServer('tftp-server.ts', root, (server) => converse(server, root, talk)))
}))

/** A folder `root` with a boot file, a text and a link to the file `secret` beside it. */
async function inFolder<T>(use: (root: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-tftp-'))
  const root = join(folder, 'root')
  try {
    await mkdir(root)
    await writeFile(join(folder, 'secret'), 'secret')
    await writeFile(join(root, 'boot.efi'), Buffer.alloc(BOOT_FILE_BYTES, 0x5a))
    await writeFile(join(root, 'lines.txt'), 'a\nb')
    await symlink('../secret', join(root, 'link'))
    return await use(root)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function converse(server: ForeignServer, root: string, talk: Session['talk']): Promise<string> {
  const socket = createSocket('udp4')
  const received = on(socket, 'message')
  const client: Client = {
    root,
    send: (bytes, port = server.port) => socket.send(bytes, port, '127.0.0.1'),
    async next() {
      const { value } = await received.next()
      const [bytes, { port }] = value as [Buffer, RemoteInfo]
      return { bytes, port }
    }
  }
  try {
    return await Promise.race([talk(client), server.ended])
  } finally {
    socket.close()
    await received.return?.()
  }
}

/** RFC 1350, section 5, with the options of RFC 2347. */
function request(type: 'RRQ' | 'WRQ', file: string, mode = 'octet', ...options: string[]): Buffer {
  return Buffer.concat([
    Buffer.from([0, OPCODES.indexOf(type)]),
    Buffer.from(`${[file, mode, ...options].join('\0')}\0`)
  ])
}

function error(): Buffer {
  return Buffer.from([0, OPCODES.indexOf('ERROR'), 0, 0, 0])
}

function opcode({ bytes }: Datagram): string {
  return OPCODES[bytes[1] ?? 0] ?? 'unknown'
}

/** `DATA 61 0a 62`: the opcode and, after the block number, the bytes. */
function content(datagram: Datagram): string {
  return `${opcode(datagram)} ${[...datagram.bytes.subarray(4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`
}

/** Waits until a file's size is no longer `before` bytes, ten seconds at most, and tells what it is then. */
async function untilChanged(path: string, before: number): Promise<string> {
  let size: number | undefined = before
  for (let turn = 0; turn < 1000 && size === before; turn++) {
    await delay(10)
    size = await stat(path).then(
      (stats) => stats.size,
      () => undefined
    )
  }
  return size === undefined ? 'no file' : `${size} bytes`
}
