import test from 'ava'
import type { Client, Grant, LeaseChange, Refusal } from '../../src/dhcp/allocator.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { GRANT } from './loopback.ts'
import * as pair from './pair.ts'
import { ip } from './vectors.ts'

/** Clients that are in the middle of a handshake with the other instance when that one is gone. */

const { LEASED, OURS, OWN_CLIENT, THEIR_CLIENT, THEIRS, bound, instance, override, partnerOf, relayed, requested } =
  pair
const THEIR_OTHER = ip('10.78.0.2')
const THIRD = ip('10.77.0.3')

const toThem = (type: 'REQUEST' | 'RELEASE' | 'DECLINE' | 'INFORM', server = THEIRS, client = THEIR_CLIENT) =>
  pair.said(type, client, [requested, pair.serverId(server)], type === 'RELEASE' || type === 'INFORM' ? bound : {})

/** An instance whose partner is gone, unless it is said otherwise, and what its allocator was asked and told. */
async function survivor(t: Parameters<typeof instance>[0], answer: Grant | Refusal = GRANT, gone = true) {
  const partner = Object.assign(partnerOf({ servers: [THEIRS, THEIR_OTHER] }), { gone })
  const asked: unknown[] = []
  const kept: unknown[] = []
  const allocator = {
    request(client: Client, address: typeof LEASED, state: string, ofPartner: boolean) {
      asked.push([client.server, address, state, ofPartner])
      return answer
    },
    async commit(changes: readonly LeaseChange[]) {
      kept.push(...changes.map(({ kind }) => kind))
      return new Map()
    }
  }
  return { partner, asked, kept, ...(await instance(t, { partner, allocator })) }
}

for (const [whose, client] of [
  ["the other instance's client", THEIR_CLIENT],
  ['a client of its own', OWN_CLIENT]
] as const) {
  test(`a REQUEST of ${whose} that names the other instance: silence, until that one is gone`, async (t) => {
    const { partner, hear, asked } = await survivor(t, GRANT, false)
    const request = toThem('REQUEST', THEIRS, client)
    t.like(await hear(request), { outcome: 'elsewhere', level: 'debug', reply: undefined }, 'and no foreign server')
    t.deepEqual(asked, [])
    partner.gone = true
    t.like(await hear(request), { outcome: 'ack', reply: { yiaddr: LEASED } })
  })
}

for (const server of [THEIRS, THEIR_OTHER]) {
  test(`the ACK is in the name of ${server}, and leads to this instance`, async (t) => {
    const { hear, asked, kept } = await survivor(t)
    t.like(await hear(toThem('REQUEST', server)), {
      outcome: 'ack',
      level: 'info',
      kind: 'ACK',
      serverId: server,
      asked: `REQUEST ${LEASED} (selecting from the other instance, ${server}, which is gone) from os`,
      reply: { siaddr: GRANT.boot?.server, file: 'ipxe.efi' }
    })
    t.deepEqual(asked, [[OURS, LEASED, 'selecting', true]], 'the client is told where this instance is')
    t.deepEqual(kept, ['grant'])
  })
}

test('RFC 5107: also where the relay agent would stand in, it is the name that the client knows', async (t) => {
  const { hear } = await survivor(t)
  const request = pair.said('REQUEST', THEIR_CLIENT, [requested, pair.serverId(THEIRS), override], relayed)
  t.like(await hear(request), { kind: 'ACK', serverId: THEIRS })
  const toRelay = pair.said('REQUEST', THEIR_CLIENT, [requested, pair.serverId(pair.RELAY), override], relayed)
  t.like(await hear(toRelay), { kind: 'ACK', serverId: pair.RELAY })
})

test('what is refused gets its NAK in that name: the client begins again at once', async (t) => {
  const reason = `${LEASED} is of the other instance's share`
  const { hear } = await survivor(t, { refused: 'nak', reason })
  const nak = await hear(toThem('REQUEST'))
  t.like(nak, { outcome: 'nak', kind: 'NAK', serverId: THEIRS, answered: `NAK: ${reason}` })
  t.is(Buffer.from(nak.reply?.options.get(OPTION.message.code) ?? []).toString(), reason)
  t.like(await hear(pair.said('DISCOVER', THEIR_CLIENT)), { outcome: 'offer', serverId: OURS })
})

test('a client that gets no answer at all gets none here', async (t) => {
  const { hear } = await survivor(t, { refused: 'silence', reason: 'it is to be ignored' })
  t.like(await hear(toThem('REQUEST')), { outcome: 'silence', reply: undefined })
})

test('the allocator hears of no partner where this instance is meant', async (t) => {
  const { hear, asked } = await survivor(t)
  t.like(await hear(toThem('REQUEST', OURS)), { kind: 'ACK', serverId: OURS })
  await hear(pair.said('REQUEST', THEIR_CLIENT, [requested]))
  t.deepEqual(asked, [
    [OURS, LEASED, 'selecting', false],
    [OURS, LEASED, 'init-reboot', false]
  ])
})

for (const [type, outcome] of [
  ['RELEASE', 'release'],
  ['DECLINE', 'decline']
] as const) {
  test(`a ${type} to the other instance is that one's, until it is gone`, async (t) => {
    const { partner, hear, kept } = await survivor(t, GRANT, false)
    t.is((await hear(toThem(type))).outcome, 'elsewhere')
    t.deepEqual(kept, [])
    partner.gone = true
    t.is((await hear(toThem(type))).outcome, outcome)
    t.deepEqual(kept, [outcome])
  })
}

test('an INFORM that names it is answered in its name', async (t) => {
  const { hear } = await survivor(t)
  t.like(await hear(toThem('INFORM')), { outcome: 'inform', serverId: THEIRS })
})

test('its addresses may change, and are asked for with each packet', async (t) => {
  const servers = [THEIRS]
  const partner = Object.assign(partnerOf({ servers }), { gone: true })
  const { hear } = await instance(t, { partner })
  t.is((await hear(toThem('REQUEST', THEIR_OTHER))).outcome, 'foreign-server')
  servers.splice(0, 1, THEIR_OTHER)
  t.is((await hear(toThem('REQUEST', THEIR_OTHER))).outcome, 'ack')
  t.is((await hear(toThem('REQUEST', THEIRS))).outcome, 'foreign-server')
})

for (const gone of [false, true]) {
  test(`the other instance, ${gone ? 'gone' : 'there'}, is no foreign server; a third one is`, async (t) => {
    const { hear, probe } = await survivor(t, GRANT, gone)
    t.like(await hear(toThem('REQUEST', THIRD)), { outcome: 'foreign-server', level: 'warn' })
    const offer = (server: typeof OURS) => ({
      ...pair.said('OFFER', 0, [pair.serverId(server)]),
      op: 2,
      giaddr: OURS,
      chaddr: probe.chaddr
    })
    t.like(await hear(offer(THEIRS)), { outcome: 'unhandled', level: 'debug' })
    t.like(await hear(offer(ip('10.77.0.4'))), { outcome: 'foreign-server', level: 'warn' })
  })
}

test("the other instance's probe gets no answer, and no address is kept for it", async (t) => {
  const other = await instance(t, { address: THEIRS })
  const { hear } = await survivor(t)
  t.like(await hear(other.probe), { outcome: 'probe', level: 'debug', reply: undefined })
  const own = await hear((await instance(t, { address: OURS })).probe)
  t.is(own.outcome, 'offer', "a stranger's at this host's address is a client's like any other")
})
