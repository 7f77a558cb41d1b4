import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { run } from '../../e2e/lab/process.ts'
import { compile } from '../compile.ts'
import type { LoadResult } from './load.ts'

/** Without a compiler nothing here can be compiled; the bench installs one. */
const withCompiler = spawnSync('gcc', ['--version']).status === 0 ? test : test.skip

const [OFFER, REQUEST, ACK, NAK] = [2, 3, 5, 6]
const AT = { ciaddr: 12, yiaddr: 16, chaddr: 28, options: 240 }

/** What the server of a case sends for its request number `count`: an address's last octet, a NAK, or nothing. */
type Answer = (message: number, client: number, count: number, ciaddr: number) => number | 'nak' | 'nothing'

const ownAddress: Answer = (_message, client) => client

const cases: readonly { rule: string; options: string[]; answer: Answer; expected: Partial<LoadResult> }[] = [
  {
    rule: 'each client has an address of its own',
    options: ['-n', '100', '-c', '20', '-o', '4'],
    answer: ownAddress,
    expected: { exchanges: 100, addresses: 20, duplicates: 0, lost: 0, naks: 0, strays: 0 }
  },
  {
    rule: 'an address acknowledged to two clients at once is a duplicate',
    options: ['-n', '20', '-c', '20', '-o', '4'],
    answer: () => 7,
    expected: { exchanges: 20, addresses: 1, duplicates: 19 }
  },
  {
    rule: 'an address that its client gave up for another may be given again',
    options: ['-n', '4', '-c', '2', '-o', '1'],
    answer: (_message, _client, count) => [1, 2, 3, 1][Math.ceil(count / 2) - 1] ?? 'nothing',
    expected: { exchanges: 4, addresses: 3, duplicates: 0 }
  },
  {
    rule: 'a client that is refused begins anew',
    options: ['-n', '1', '-c', '1', '-o', '1'],
    answer: (message, _client, count) => (message === REQUEST && count < 3 ? 'nak' : 7),
    expected: { exchanges: 1, naks: 1, lost: 0 }
  },
  {
    rule: 'what is not answered in time is lost and sent again',
    options: ['-n', '1', '-c', '1', '-o', '1', '-t', '2000'],
    answer: (_message, _client, count) => (count === 1 ? 'nothing' : 7),
    expected: { exchanges: 1, lost: 1, strays: 0 }
  },
  {
    rule: 'renewals begin when all clients are bound, and name the address as ciaddr',
    options: ['--renew', '-n', '50', '-c', '10', '-o', '2'],
    answer: (_message, client, count, ciaddr) => (count <= 20 || ciaddr === client ? client : 'nothing'),
    expected: { exchanges: 50, addresses: 10, duplicates: 0, lost: 0 }
  },
  {
    rule: 'in a storm all clients begin at once',
    options: ['--storm', '-n', '50'],
    answer: ownAddress,
    expected: { exchanges: 50, addresses: 50, lost: 0, naks: 0 }
  }
]

for (const { rule, options, answer, expected } of cases) {
  withCompiler(rule, async (t) => {
    const { result, ledger } = await loadAgainst(answer, options)
    t.like(result, expected)
    t.is(ledger.length, options.includes('--renew') ? 60 : (expected.exchanges ?? 0))
    for (const line of ledger) t.regex(line, /^02:00:00:00:00:[0-9a-f]{2} 10\.0\.0\.\d+$/)
  })
}

/** Runs the load generator, as a relay agent on loopback, against a server that answers so. */
async function loadAgainst(
  answer: Answer,
  options: readonly string[]
): Promise<{ result: LoadResult; ledger: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-load-'))
  const server = createSocket('udp4')
  let count = 0
  server.on('message', (packet, from) => {
    count += 1
    const message = packet[AT.options + 2] ?? 0
    const outcome = answer(message, packet[AT.chaddr + 5] ?? 0, count, packet[AT.ciaddr + 3] ?? 0)
    if (outcome !== 'nothing') server.send(reply(packet, message, outcome), from.port, from.address)
  })
  try {
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    const program = await compile(join(import.meta.dirname, 'load.c'), folder)
    const ledger = join(folder, 'ledger')
    const own = ['-p', String(await freePort()), '-d', '60', '-t', '20000', '--ledger', ledger]
    const output = await run([program, ...own, ...options, `127.0.0.1:${server.address().port}`])
    return { result: JSON.parse(output) as LoadResult, ledger: (await readFile(ledger, 'utf8')).trim().split('\n') }
  } finally {
    server.close()
    await rm(folder, { recursive: true })
  }
}

function reply(request: Buffer, message: number, outcome: number | 'nak'): Buffer {
  const packet = Buffer.alloc(300)
  request.copy(packet, 0, 0, AT.options)
  packet[0] = 2
  packet.set([10, 0, 0, outcome === 'nak' ? 0 : outcome], AT.yiaddr)
  const granted = message === REQUEST ? ACK : OFFER
  packet.set([53, 1, outcome === 'nak' ? NAK : granted, 54, 4, 127, 0, 0, 1, 51, 4, 0, 0, 14, 16, 255], AT.options)
  return packet
}

async function freePort(): Promise<number> {
  const probe = createSocket('udp4')
  probe.bind(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  return port
}
