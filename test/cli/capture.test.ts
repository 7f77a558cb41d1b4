import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { handshake, MAC, startSite } from '../daemon/running.ts'
import { udpDatagrams } from '../dhcp/pcap.ts'
import { commandsOf, tandem } from './command.ts'

test('capture saves what was said, and says where', async (t) => {
  const site = await startSite(t)
  await handshake(site)
  const file = join(site.folder, 'boot.pcap')
  const run = commandsOf(site.config.state)
  const out = await run('capture', '--mac', '5254.0000.000A', '--output', file)
  const pcap = readFileSync(file)
  t.is(out, `${file}: ${pcap.length} bytes`)
  t.true(udpDatagrams(pcap).length >= 4)
})

test('capture --output - is for a pipe, not for a terminal', async (t) => {
  const site = await startSite(t)
  await handshake(site)
  const args = ['--state', site.config.state, 'capture', '--output', '-']
  const written: Uint8Array[] = []
  const to = (isTerminal: boolean) => ({ isTerminal, write: (bytes: Uint8Array) => written.push(bytes) })
  const refused = await tandem(args, {}, to(true))
  t.is(refused.status, 2)
  t.regex(refused.err, /not for a terminal: name a file, or pipe it/)
  t.deepEqual(written, [])
  t.deepEqual(await tandem(args, {}, to(false)), { status: 0, out: '', err: '' })
  t.true(udpDatagrams(Buffer.concat(written)).length >= 4)
})

test('where nothing is remembered nothing is saved, and the exit status says so', async (t) => {
  const site = await startSite(t)
  const file = join(site.folder, 'none.pcap')
  const run = (...more: string[]) => tandem(['--state', site.config.state, 'capture', '--output', file, ...more])
  t.deepEqual(await run(), { status: 1, out: '', err: 'tandem: no packet is remembered' })
  t.deepEqual(await run('--mac', MAC), { status: 1, out: '', err: `tandem: no packet of ${MAC} is remembered` })
  t.false(existsSync(file))
})

test('a file that cannot be written is named', async (t) => {
  const site = await startSite(t)
  await handshake(site)
  const run = (file: string) => tandem(['--state', site.config.state, 'capture', '--output', file])
  t.like(await run('/nowhere/x.pcap'), { status: 1, err: "tandem: /nowhere/x.pcap can't be written (ENOENT)" })
})

test('a MAC that is none is wrong usage', async (t) => {
  const { status, err } = await tandem(['capture', '--mac', 'junk'])
  t.deepEqual([status, err], [2, 'tandem: --mac "junk" is not a MAC address: six pairs like 52:54:00:00:00:0a'])
})

test('explain prints the last exchanges with their reasons; with --packets what they held', async (t) => {
  const site = await startSite(t)
  const explain = async (...args: string[]) => {
    const lines = (await commandsOf(site.config.state)('explain', 'web1', ...args)).split('\n')
    return lines.slice(lines.findIndex((line) => line.startsWith('last DHCP exchanges')))
  }
  t.deepEqual(await explain(), ['last DHCP exchanges: none is remembered'])
  await handshake(site)
  const [title, first = '', reason = ''] = await explain()
  t.is(title, 'last DHCP exchanges:')
  t.regex(first, /^ {2}\S+Z DISCOVER .* -> OFFER 10\.77\.0\.2 /)
  t.regex(reason, /^ {4}- /)
  const packets = await explain('--packets')
  for (const message of ['DISCOVER', 'OFFER', 'REQUEST', 'ACK']) {
    t.true(
      packets.some((line) => line.startsWith(`    ${message} `)),
      message
    )
  }
  t.true(packets.includes(`      chaddr: ${MAC}`))
})
