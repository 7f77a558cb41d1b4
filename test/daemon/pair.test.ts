import { once } from 'node:events'
import { get } from 'node:https'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeCertificate } from '../../src/certificate.ts'
import type { Client } from '../../src/cli/client.ts'
import { type EmbeddedPair, startPair } from '../../src/cli/drill/embedded.ts'
import { SUBNET } from '../../src/cli/drill/site.ts'
import { askToJoin } from '../../src/pair/joining.ts'
import { eventually } from './eventually.ts'

const BINARY = join(import.meta.dirname, '../../bin/tandem')

type Status = {
  state: string
  peer: { instance: string } | null
  lastContact: { link: string | null; network: string | null }
}
type Machine = { serial?: string; labels?: Record<string, string>; interfaces: { ipv4: string }[] }

const stateOf = async (client: Client) => (await client.json<Status>('GET', '/pair')).state
const untilIn = (t: ExecutionContext, state: string, ...clients: Client[]) =>
  eventually(t, async (tt) => {
    for (const client of clients) tt.is(await stateOf(client), state)
  })

async function withPair(run: (pair: EmbeddedPair) => Promise<void>): Promise<void> {
  const pair = await startPair(BINARY)
  try {
    await pair.a.client.json('POST', '/subnets', {
      cidr: SUBNET,
      pools: [{ from: '10.77.128.0', to: '10.77.128.255' }]
    })
    await run(pair)
  } finally {
    await pair.close()
  }
}

/** What a monitor sees. */
async function readiness(host: string, port: number): Promise<number | undefined> {
  const [response] = await once(get({ host, port, path: '/health/ready', rejectUnauthorized: false }), 'response')
  response.resume()
  return response.statusCode
}

const add = (client: Client, name: string, number: number) =>
  client.json<Machine & { replicated: boolean }>('POST', '/machines', {
    name,
    interfaces: [{ mac: `52:54:00:00:00:${number.toString(16).padStart(2, '0')}` }]
  })

/** Registers m1 and has it on both: on a busy machine they may lose each other for a moment. */
async function addToBoth(t: ExecutionContext, { a, b }: EmbeddedPair): Promise<void> {
  await add(a.client, 'm1', 1)
  await untilIn(t, 'NORMAL', a.client, b.client)
  t.like(await b.client.json('GET', '/machines/m1'), { name: 'm1' })
}

test.serial('an acknowledged write is on both, and stays when the instance that took it is killed', async (t) => {
  await withPair(async ({ a, b }) => {
    let number = 0
    await eventually(t, async (tt) => {
      number += 1
      tt.true((await add(a.client, `m${number}`, number)).replicated)
    })
    const name = `m${number}`
    t.like(await b.client.json('GET', `/machines/${name}`), { name })
    a.process.kill('SIGKILL')
    await untilIn(t, 'COMM_INT', b.client)
    t.false((await add(b.client, 'alone', 255)).replicated)
    t.like(await b.client.json('GET', `/machines/${name}`), { name })
  })
})

test.serial('both say how they are: in step, and heard of on the link and on the provisioning network', async (t) => {
  await withPair(async ({ a, b }) => {
    for (const [{ client }, peer] of [
      [a, 'b'],
      [b, 'a']
    ] as const) {
      await eventually(t, async (tt) => {
        const status = await client.json<Status>('GET', '/pair')
        tt.like(status, {
          state: 'NORMAL',
          peer: { instance: peer },
          shares: [{ subnet: SUBNET, own: 128, other: 128 }]
        })
        tt.truthy(status.lastContact.link)
        tt.truthy(status.lastContact.network)
      })
    }
  })
})

test.serial('what both wrote while one stood still is a conflict on both, until it is settled', async (t) => {
  await withPair(async (pair) => {
    const [{ client: a, process: frozen }, { client: b }] = [pair.a, pair.b]
    await addToBoth(t, pair)
    frozen.kill('SIGSTOP')
    await untilIn(t, 'COMM_INT', b)
    await b.json('PATCH', '/machines/m1', { serial: 'of-b' })
    // It waits in the frozen one's queue, and is written before that has heard of b's.
    const late = a.json('PATCH', '/machines/m1', { serial: 'of-a' })
    pair.link.cut()
    frozen.kill('SIGCONT')
    t.false((await late).replicated)
    pair.link.heal()
    await untilIn(t, 'NORMAL', a, b)
    const conflicts = await a.json<{
      items: { id: string; values: { value: string; instance: string; actor: string }[] }[]
    }>('GET', '/conflicts')
    t.deepEqual(await b.json('GET', '/conflicts'), conflicts)
    const [conflict] = conflicts.items
    t.is(conflict?.id, 'machine/m1/serial')
    t.deepEqual(conflict?.values.map(({ value, instance, actor }) => [value, instance, actor]).sort(), [
      ['of-a', 'a', 'admin'],
      ['of-b', 'b', 'admin']
    ])
    const explained = await b.json<{ reasons: string[] }>('GET', '/machines/m1/explain')
    t.regex(explained.reasons.join(), /serial of m1 was written on both instances/)
    const keep = 1 + (conflict?.values.findIndex(({ value }) => value === 'of-b') ?? 0)
    await a.json('POST', '/conflicts/settle', { id: conflict?.id, keep })
    for (const client of [a, b]) {
      t.deepEqual(await client.json('GET', '/conflicts'), { items: [] })
      t.like(await client.json('GET', '/machines/m1'), { serial: 'of-b' })
    }
  })
})

test.serial(
  'a code is good once; a wrong one, another address and a third instance are refused with what to do',
  async (t) => {
    await withPair(async ({ a, b, link }) => {
      const refused = (path: string, body: object, reason: RegExp) =>
        t.throwsAsync(a.client.json('POST', path, body), { message: reason })
      await refused('/pair/invite', {}, /b is the second instance already: a pair has two/)
      await refused('/pair/join', { address: link.address, code: 'x' }, /paired with b already/)
      await refused('/pair/partner-down', {}, /b (is connected|was heard)/)
      await b.client.json('POST', '/pair/leave', {})
      await untilIn(t, 'UNPAIRED', a.client)
      t.is(await stateOf(b.client), 'LEFT')
      const { code } = await a.client.json<{ code: string }>('POST', '/pair/invite')
      const wrong = `${code.slice(0, -3)}${code.slice(-3) === 'AAA' ? 'BBB' : 'AAA'}`
      const join = (address: string, given: string) => b.client.json('POST', '/pair/join', { address, code: given })
      await t.throwsAsync(join(link.address, 'nonsense'), { message: /no code of a pair/ })
      await t.throwsAsync(join('127.0.0.9:1', code), { message: /tandem.yaml says that the other instance is at/ })
      await t.throwsAsync(join(link.address, wrong), { message: /the code is wrong/ })
      await join(link.address, code)
      await untilIn(t, 'NORMAL', b.client)
      const [address = '', port] = link.address.split(':')
      const third = await makeCertificate(address, Date.now())
      await t.throwsAsync(
        askToJoin({ address, port: Number(port) }, code, third, { instance: 'c', version: '0', addresses: [] }),
        {
          message: /a and b are a pair already: a pair has two instances/
        }
      )
    })
  }
)

test.serial('an instance that drains says when it may be stopped, and is not ready meanwhile', async (t) => {
  await withPair(async ({ a, b, ports }) => {
    // On a busy machine the two may lose each other for a moment, which ends the draining.
    await eventually(t, async (tt) => {
      await a.client.json('POST', '/pair/drain', { seconds: 60 })
      tt.like(await a.client.json('GET', '/pair'), { draining: { transfers: 0, mayBeStopped: true } })
      tt.is(await readiness(a.address, ports.admin), 503)
      tt.is(await readiness(b.address, ports.admin), 200)
      tt.like(await b.client.json('GET', '/pair'), { peer: { draining: true } })
    })
    await a.client.json('POST', '/pair/resume', {})
    t.like(await a.client.json('GET', '/pair'), { draining: null })
    b.process.kill('SIGKILL')
    await untilIn(t, 'COMM_INT', a.client)
    await t.throwsAsync(a.client.json('POST', '/pair/drain', {}), { message: /nobody would take over/ })
  })
})
