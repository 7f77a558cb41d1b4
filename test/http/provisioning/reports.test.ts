import test, { type ExecutionContext } from 'ava'
import type { Fetched } from '../../daemon/machine-side.ts'
import { MAC, type Running, startSite } from '../../daemon/running.ts'

type Attempt = Running & { preseed: string; report(stage: string, message?: string): Promise<Fetched> }

/** A machine that was offered its installer: the paths that its script names. */
async function startAttempt(t: ExecutionContext): Promise<Attempt> {
  const site = await startSite(t)
  await site.rest.send('POST', '/machines/web1/install')
  return { ...site, ...(await offered(site)) }
}

async function offered({ rest, machines }: Running) {
  await rest.created('/simulations', { mac: MAC, address: '127.0.0.1' })
  const { text } = await machines.get(`/boot/${MAC}/ipxe`)
  const [preseed = ''] = /\/boot\/attempts\/[\w-]+\/preseed/.exec(text) ?? []
  const report = (stage: string, message?: string) =>
    machines.send('POST', preseed.replace(/preseed$/, 'status'), JSON.stringify({ stage, message }))
  return { preseed, report }
}

const stateOf = async ({ rest }: Running) => (await rest.get('/machines/web1')).body.state

const FORM = 'application/x-www-form-urlencoded'
for (const [how, body, headers] of [
  ['JSON', '{"stage":"installing"}', { 'content-type': 'application/json' }],
  ['JSON that says it is a form, as wget sends it', '{"stage":"installing"}', { 'content-type': FORM }],
  ['JSON without a type', '{"stage":"installing"}', {}],
  ['JSON of a type that nobody knows', ' {"stage":"installing","more":1}\n', { 'content-type': 'text/x-strange' }],
  ['a form', 'stage=installing&message=half+way', { 'content-type': FORM }]
] as const) {
  test(`a report is read when it comes as ${how}`, async (t) => {
    const attempt = await startAttempt(t)
    const path = attempt.preseed.replace(/preseed$/, 'status')
    const { status, text } = await attempt.machines.send('POST', path, body, headers)
    t.is(status, 200)
    t.deepEqual(JSON.parse(text), { machine: 'web1', state: 'installing' })
    t.is(await stateOf(attempt), 'installing')
  })
}

for (const [rule, body, status, code] of [
  ['no JSON', '{"stage":', 400, 'invalid-json'],
  ['no stage', '{"message":"x"}', 400, 'invalid'],
  ['an unknown stage', 'stage=done', 400, 'invalid'],
  ["a stage that is Tandem's own", '{"stage":"offered"}', 400, 'invalid'],
  ['a stage of another type', '{"stage":5}', 400, 'invalid'],
  ['nothing', '', 400, 'invalid'],
  ['a list', '["installed"]', 400, 'invalid'],
  ['a message of another type', '{"stage":"failed","message":{}}', 400, 'invalid'],
  ['more than 64 KiB', `{"stage":"failed","message":"${'x'.repeat(70_000)}"}`, 413, 'too-large'],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0, 1]), 400, 'invalid']
] as const) {
  test(`a report of ${rule} is refused and changes nothing`, async (t) => {
    const attempt = await startAttempt(t)
    const answer = await attempt.machines.send('POST', attempt.preseed.replace(/preseed$/, 'status'), body)
    t.deepEqual([answer.status, answer.body.code], [status, code])
    t.is(await stateOf(attempt), 'install requested')
  })
}

test('an install goes from stage to stage, and ends in the local disk for ever', async (t) => {
  const attempt = await startAttempt(t)
  const states = []
  for (const stage of ['fetched', 'partitioning', 'installing', 'installed']) {
    states.push(JSON.parse((await attempt.report(stage)).text).state)
  }
  t.deepEqual(states, ['install requested', 'installing', 'installing', 'installed'])
  t.is((await attempt.report('installed')).status, 200, 'once more is the same')
  t.is((await attempt.report('installing')).status, 200)
  t.is(await stateOf(attempt), 'installed', 'what comes late changes nothing')
  t.regex((await attempt.machines.get(`/boot/${MAC}/ipxe`)).text, /boots from its disk/)
})

test("an installer's message is kept for people, without what a terminal would obey", async (t) => {
  const attempt = await startAttempt(t)
  await attempt.report('failed', `no disk\n\u001b[31mred ${'x'.repeat(2000)}`)
  t.is(await stateOf(attempt), 'failed')
  const { body } = await attempt.rest.get<{ items: { message: string }[] }>('/machines/web1/attempts')
  t.is(body.items[0]?.message, `no disk  [31mred ${'x'.repeat(2000)}`.slice(0, 1000))
})

test('the install file is open until `installing`, and void once `installed`', async (t) => {
  const attempt = await startAttempt(t)
  const read = async () => {
    const { status, headers, body } = await attempt.machines.get(attempt.preseed)
    return status === 200 ? headers['content-type'] : [status, body.code]
  }
  t.is(await read(), 'text/plain; charset=utf-8')
  await attempt.report('partitioning')
  t.is(await read(), 'text/plain; charset=utf-8', 'installers retry')
  await attempt.report('installing')
  t.deepEqual(await read(), [403, 'already-installing'])
  await attempt.report('installed')
  t.deepEqual(await read(), [410, 'ended'])
})

test('a token of an earlier generation is void', async (t) => {
  const attempt = await startAttempt(t)
  await attempt.rest.send('POST', '/machines/web1/install')
  const answers = [await attempt.report('installed'), await attempt.machines.get(attempt.preseed)]
  t.deepEqual(
    answers.map(({ status, body }) => [status, body.code]),
    [
      [410, 'ended'],
      [410, 'ended']
    ]
  )
  t.is(await stateOf(attempt), 'install requested')
})

test('a token of nobody opens nothing', async (t) => {
  const { machines } = await startSite(t)
  const post = await machines.send('POST', `/boot/attempts/${'x'.repeat(43)}/status`, '{"stage":"installed"}')
  const get = await machines.get(`/boot/attempts/${'x'.repeat(43)}/preseed`)
  for (const { status, body } of [post, get]) t.deepEqual([status, body.code], [404, 'unknown-token'])
})

test('no token is in the log', async (t) => {
  const attempt = await startAttempt(t)
  await attempt.machines.get(attempt.preseed)
  await attempt.report('installed')
  await attempt.report('nonsense')
  const [, token = 'none'] = /attempts\/([\w-]+)\//.exec(attempt.preseed) ?? []
  t.true(attempt.log.some(({ msg }) => msg.includes('preseed of web1')))
  t.deepEqual(
    attempt.log.filter((line) => JSON.stringify(line).includes(token)),
    []
  )
})
