import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { run } from '../../../src/cli/run.ts'
import type { Ipv4 } from '../../../src/net/ipv4.ts'
import { encode } from '../../../src/tftp/codec.ts'
import { bindUdp } from '../../../src/tftp/udp.ts'
import { commandsOf, tandem } from '../../cli/command.ts'
import { eventually } from '../../daemon/eventually.ts'
import { MAC, type Running, startTandem } from '../../daemon/running.ts'

type Row = Record<string, unknown>
const SIZE = 10_000

/** A daemon that sends a file of 10,000 bytes by TFTP to web1, which has acknowledged the first 6,000. */
async function halfway(t: ExecutionContext) {
  const site = await startTandem(t)
  const address = site.config.interfaces[0]?.address as Ipv4
  await site.rest.created('/subnets', { cidr: `${address.replace(/\d+$/, '0')}/24` })
  await site.rest.created('/machines', { name: 'web1', interfaces: [{ mac: MAC, ipv4: neighbourOf(address) }] })
  writeFileSync(join(site.config.loaders, 'big.efi'), Buffer.alloc(SIZE))
  const packets = new Set<string>()
  const client = neighbourOf(address)
  let tid = 0
  const socket = await bindUdp(
    { address: client, port: 0 },
    {
      receive(bytes, { port }) {
        // What is sent again counts once.
        packets.add(Buffer.from(bytes.subarray(0, 4)).toString('hex'))
        tid = port
      },
      failed: (error) => t.fail(error.message)
    }
  )
  t.teardown(() => socket.close())
  const options = new Map([['blksize', '1000']])
  const ask = encode({ type: 'RRQ', file: 'big.efi', mode: 'octet', options })
  socket.send(ask, { address, port: site.config.ports.tftp })
  const acknowledge = async (from: number, to: number) => {
    for (let block = from; block <= to; block += 1) {
      await eventually(t, (tt) => tt.is(packets.size, block + 1))
      socket.send(encode({ type: 'ACK', block }), { address, port: tid })
    }
  }
  await acknowledge(0, 6)
  return { ...site, client, finish: () => acknowledge(7, 11) }
}

const listed = async ({ rest }: Pick<Running, 'rest'>, query = '') =>
  (await rest.get<{ items: Row[] }>(`/transfers${query}`)).body.items

test('a transfer is listed with its machine and how far it is, then with its end', async (t) => {
  const site = await halfway(t)
  await eventually(t, async (tt) => {
    tt.like((await listed(site))[0], {
      machine: 'web1',
      mac: MAC,
      file: 'big.efi',
      bytes: 6000,
      percent: 60,
      state: 'running'
    })
  })
  t.is((await listed(site, '?machine=web1')).length, 1)
  t.is((await listed(site, `?mac=${MAC.replaceAll(':', '-')}`)).length, 1)
  t.deepEqual(await listed(site, '?machine=web2'), [])
  t.is((await site.rest.get('/transfers?mac=junk')).status, 400)
  const table = await commandsOf(site.config.state)('transfers')
  t.regex(
    table,
    /^machine +address +protocol +file +state +% +size +rate\nweb1 +\S+ +tftp +big\.efi +running +60 +0\.0 MB/
  )
  await site.finish()
  await eventually(t, async (tt) => tt.like((await listed(site))[0], { bytes: SIZE, percent: 100, state: 'complete' }))
  const metrics = String((await site.rest.open('/metrics')).body.text)
  t.regex(metrics, /tandem_transfer_bytes_total\{protocol="tftp"\} 10000/)
})

test('events --follow tells how far a file is as it goes, and then that it arrived', async (t) => {
  const site = await halfway(t)
  const lines: string[] = []
  const followed = run(['--state', site.config.state, 'events', '--follow', '--limit', '1'], {
    output: { line: (text) => lines.push(text) },
    errors: { line: (text) => lines.push(text) },
    binary: { isTerminal: false, write() {} },
    env: {}
  })
  await eventually(t, (tt) =>
    tt.regex(lines.join('\n'), /tftp web1: big\.efi 60 % \(0\.0 of 0\.0 MB, [0-9.]+ MB\/s\)$/m)
  )
  await site.finish()
  await eventually(t, (tt) => tt.regex(lines.join('\n'), /tftp web1: big\.efi 100 % .*, complete$/m))
  await eventually(t, (tt) => tt.regex(lines.join('\n'), /^\S+Z tftp web1: RRQ big\.efi .* -> done/m))
  await site.daemon.close()
  t.is(await followed, 1, 'it ends when the service does')
})

test('a stream may ask for progress alone, and for one machine', async (t) => {
  const site = await halfway(t)
  const lines: string[] = []
  for (const filter of [
    ['--machine', 'web2'],
    ['--machine', 'web1', '--type', 'progress']
  ]) {
    run(['--state', site.config.state, 'events', '--follow', '--json', ...filter], {
      output: { line: (text) => lines.push(text) },
      errors: { line: () => {} },
      binary: { isTerminal: false, write() {} },
      env: {}
    })
  }
  await eventually(t, (tt) => tt.true(lines.length > 0))
  for (const line of lines) t.like(JSON.parse(line), { type: 'progress', machine: 'web1', file: 'big.efi', size: SIZE })
})

test('streams are bounded in number', async (t) => {
  const { config, daemon } = await startTandem(t)
  const ended: string[] = []
  const follow = async () => ended.push((await tandem(['--state', config.state, 'events', '--follow'])).err)
  const all = Array.from({ length: 65 }, follow)
  await eventually(t, (tt) => tt.is(ended.length, 1))
  t.regex(ended[0] ?? '', /64 streams of events are open already \(too-many\)/)
  await daemon.close()
  await Promise.all(all)
  t.is(ended.length, 65)
})

/** Another address of loopback on the same network. */
function neighbourOf(address: Ipv4): Ipv4 {
  return address.replace(/\d+$/, (last) => String((Number(last) % 254) + 1)) as Ipv4
}
