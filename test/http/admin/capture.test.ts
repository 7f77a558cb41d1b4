import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { decode } from '../../../src/dhcp/codec.ts'
import { macFromBytes, parseMac } from '../../../src/net/mac.ts'
import type { Problem } from '../../daemon/rest.ts'
import { handshake, MAC, type Running, startSite } from '../../daemon/running.ts'
import { decodedText } from '../../dhcp/golden.ts'
import { udpDatagrams } from '../../dhcp/pcap.ts'

type Exchange = {
  time: string
  mac: string
  machine: string | null
  interface: string
  from: string
  asked: string
  outcome: string
  answered: string
  reasons: string[]
  packets?: string[]
}

const SECOND = '52:54:00:00:00:0b'
const STRANGER = '52:54:00:00:00:ff'

/** Once what was told several times: a client that waits for long asks again. */
const distinct = (told: readonly unknown[]) =>
  Array.from(new Set(told.map((each) => JSON.stringify(each))), (each) => JSON.parse(each))

const exchangesOf = async ({ rest }: Running, query = '') =>
  (await rest.get<{ items: Exchange[] }>(`/exchanges${query}`)).body.items

const explained = async ({ rest }: Running, path: string) =>
  (await rest.get<{ exchanges: Exchange[] }>(path)).body.exchanges

const captured = async ({ rest }: Running, query = '') => {
  const { body } = await rest.get<{ bytes: Buffer }>(`/capture${query}`)
  return udpDatagrams(body.bytes)
}

const messageOf = (payload: Uint8Array) => decodedText(payload).split(' ')[0]

test('an exchange says who asked what, where, and what was answered and why, with the packets decoded', async (t) => {
  const site = await startSite(t)
  await handshake(site)
  const exchanges = await exchangesOf(site)
  const [discover] = exchanges
  t.like(discover, { mac: MAC, machine: 'web1', interface: 'lo', outcome: 'offer' })
  t.true(Math.abs(Date.parse(discover?.time ?? '') - Date.now()) < 60_000)
  t.regex(discover?.from ?? '', /^127\.0\.0\.1:\d+$/)
  t.regex(discover?.asked ?? '', /^DISCOVER [0-9a-f]{8}, vendor class PXEClient:.*, relay agent 127\.0\.0\.1$/)
  t.regex(discover?.answered ?? '', /^OFFER 10\.77\.0\.2 /)
  t.true((discover?.reasons ?? []).length > 0)
  const messages = exchanges.flatMap(({ packets = [] }) => packets.map((text) => text.split(' ')[0]))
  t.deepEqual(distinct(messages), ['DISCOVER', 'OFFER', 'REQUEST', 'ACK'])
  t.regex(discover?.packets?.[1] ?? '', /^ {2}yiaddr: 10\.77\.0\.2$/m)
})

test('exchanges are of one client or of all, the latest so many', async (t) => {
  const site = await startSite(t)
  await handshake(site, STRANGER)
  await handshake(site)
  const all = await exchangesOf(site)
  t.deepEqual(distinct(all.map(({ mac, machine, outcome }) => [mac, machine, outcome])), [
    [STRANGER, null, 'offer'],
    [STRANGER, null, 'ack'],
    [MAC, 'web1', 'offer'],
    [MAC, 'web1', 'ack']
  ])
  t.deepEqual(
    await exchangesOf(site, '?mac=52-54-00-00-00-FF'),
    all.filter(({ mac }) => mac === STRANGER)
  )
  t.deepEqual(await exchangesOf(site, '?limit=3'), all.slice(-3))
  t.deepEqual(await exchangesOf(site, '?mac=525400000099'), [])
})

test('explain tells the last exchanges of all NICs of a machine, with packets if asked for', async (t) => {
  const site = await startSite(t)
  await site.rest.send('PATCH', '/machines/web1', { interfaces: [{ mac: MAC }, { mac: SECOND }] })
  for (const mac of [MAC, STRANGER, SECOND]) await handshake(site, mac)
  const ofBoth = (await exchangesOf(site)).filter(({ mac }) => mac !== STRANGER)
  t.is(distinct(ofBoth.map(({ mac }) => mac)).length, 2)
  t.deepEqual(
    await explained(site, '/machines/web1/explain'),
    ofBoth.slice(-8).map(({ packets: _, machine: __, ...told }) => told)
  )
  const ofOne = await explained(site, `/explain?mac=${SECOND}&packets=true`)
  t.deepEqual(distinct(ofOne.map(({ mac, packets }) => [mac, packets?.length])), [[SECOND, 2]])
  t.deepEqual(await explained(site, '/explain?mac=525400000099'), [])
})

test('explain counts a class that hangs on the relay agent as soon as the client was heard through it', async (t) => {
  const site = await startSite(t)
  await site.rest.send('PUT', '/classes/far', { match: { relay: '127.0.0.1' }, options: { 'time-offset': 3600 } })
  const offsets = async () => {
    const { body } = await site.rest.get<{ options: { name: string }[] }>('/machines/web1/explain')
    return body.options.filter(({ name }) => name === 'time-offset')
  }
  t.deepEqual(await offsets(), [])
  await handshake(site)
  t.like((await offsets())[0], { value: 3600, source: 'class far' })
})

test('a capture is a pcap file to be saved, of one client or of all', async (t) => {
  const site = await startSite(t)
  t.deepEqual(await captured(site), [])
  for (const mac of [MAC, STRANGER]) await handshake(site, mac)
  const { headers } = await site.rest.get(`/capture?mac=5254.0000.000a`)
  t.is(headers['content-type'], 'application/vnd.tcpdump.pcap')
  t.is(headers['content-disposition'], 'attachment; filename="tandem-52-54-00-00-00-0a.pcap"')
  const [{ address } = { address: '' }] = site.config.interfaces
  const datagrams = await captured(site, `?mac=${MAC}`)
  const sent = datagrams.map(({ source, destination, payload }) => {
    t.is(macFromBytes(decode(payload).chaddr), parseMac(MAC))
    return [source, destination, messageOf(payload)]
  })
  t.deepEqual(distinct(sent), [
    ['127.0.0.1', address, 'DISCOVER'],
    [address, '127.0.0.1', 'OFFER'],
    ['127.0.0.1', address, 'REQUEST'],
    [address, '127.0.0.1', 'ACK']
  ])
  t.true((await captured(site)).length > datagrams.length)
})

test("neither a capture nor an exchange holds a secret: no attempt's token, no administrator's, no password", async (t) => {
  const site = await startSite(t)
  await site.rest.send('PATCH', '/machines/web1', { vars: { root_password_hash: '$6$salt$secret' } })
  await site.rest.send('POST', '/machines/web1/install')
  await site.rest.created('/simulations', { mac: MAC, address: '127.0.0.1' })
  const script = (await site.machines.get(`/boot/${MAC}/ipxe`)).text
  const token = /\/boot\/attempts\/([\w-]{43})\//.exec(script)?.[1] ?? ''
  t.not(token, '')
  await handshake(site)
  const capture = (await site.rest.get<{ bytes: Buffer }>('/capture')).body.bytes
  t.true(capture.includes(`/boot/${MAC}/ipxe`), 'what the machine was told to boot is there')
  const exchanges = JSON.stringify(await exchangesOf(site))
  for (const secret of [token, readFileSync(join(site.config.state, 'admin.token'), 'utf8').trim(), '$6$salt']) {
    t.false(capture.includes(secret))
    t.false(exchanges.includes(secret))
  }
})

for (const path of [
  '/exchanges?mac=junk',
  '/exchanges?limit=0',
  '/exchanges?limit=-1',
  '/exchanges?machine=web1',
  '/capture?mac=junk',
  `/explain?mac=${MAC}&packets=yes`
]) {
  test(`${path}: invalid`, async (t) => {
    const { status, body } = await (await startSite(t)).rest.get<Problem>(path)
    t.deepEqual([status, body.code], [400, 'invalid'])
  })
}
