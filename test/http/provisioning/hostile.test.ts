import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { eventually } from '../../daemon/eventually.ts'
import { MAC, startSite } from '../../daemon/running.ts'
import { connected, serving, untilEnd } from './serving.ts'

test('whatever path is asked for, the answer is no failure of the service', async (t) => {
  const { machines, log } = await startSite(t)
  const segment = fc.oneof(
    fc.constantFrom(
      'boot',
      'files',
      'loaders',
      'attempts',
      'status',
      'preseed',
      'facts',
      'ipxe',
      MAC,
      'debian-12',
      '..'
    ),
    fc.string({ maxLength: 300 }).map(encodeURIComponent),
    fc.stringMatching(/^[!"$-.0-9:-~]{0,40}$/)
  )
  const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`)
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS')
  const answered = fc.asyncProperty(method, path, fc.string(), async (how, where, body) => {
    const { status, headers } = await machines.send(how, where, how === 'GET' || how === 'HEAD' ? undefined : body)
    return status < 400 || (status < 500 && headers['content-type'] === 'application/problem+json; charset=utf-8')
  })
  await t.notThrowsAsync(fc.assert(answered, { numRuns: 150 }))
  t.deepEqual(
    log.filter(({ level }) => level >= 40),
    []
  )
})

test('whatever bytes come, in whatever pieces, each connection is answered or closed, and the next machine is served', async (t) => {
  const { port, folder, machines, internal, connections } = await serving(t, {
    timeouts: { idle: 300, headers: 200, request: 250, check: 25 }
  })
  writeFileSync(join(folder, 'ipxe.efi'), 'loader')
  // On a busy host it may be hashed for longer than a connection may be idle here.
  const isServed = () =>
    eventually(t, async (tt) =>
      tt.is((await machines.get('/boot/loaders/ipxe.efi').catch(() => undefined))?.text, 'loader')
    )
  await isServed()
  const word = fc.constantFrom(
    ...['GET ', 'HEAD ', 'POST ', '/boot/loaders/ipxe.efi', '/boot/files/a/b/c', ' HTTP/1.1', ' HTTP/1.0', ' HTTP/9.9'],
    ...['\r\n', '\r\n\r\n', '\n', 'Host: x', 'Range: bytes=0-1', 'Range: bytes=-', 'Content-Length: 5'],
    ...[
      'Content-Length: 99999999999999999999',
      'Transfer-Encoding: chunked',
      'Expect: 100-continue',
      'Connection: upgrade'
    ],
    ...[
      'Upgrade: h2c',
      'If-Range: "',
      'If-None-Match: *',
      '5\r\nabcde\r\n',
      '0\r\n\r\n',
      '%',
      '\0',
      ':',
      'PRI * HTTP/2.0'
    ]
  )
  const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
  const pieces = fc.array(
    fc.array(fc.oneof(word, word, noise), { maxLength: 8 }).map((parts) => parts.join('')),
    {
      maxLength: 4
    }
  )
  const isSurvived = fc.asyncProperty(pieces, async (parts) => {
    const socket = await connected(t, port)
    for (const part of parts) {
      socket.write(part, 'latin1')
      await new Promise(setImmediate)
    }
    const answer = (await untilEnd(socket)).toString('latin1')
    return answer === '' || answer.startsWith('HTTP/1.1 ')
  })
  await t.notThrowsAsync(fc.assert(isSurvived, { numRuns: 60 }))
  await isServed()
  t.deepEqual(internal, [])
  await eventually(t, (tt) => tt.is(connections.total, 0))
})

for (const [what, bytes] of [
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'],
  ['a header without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}`],
  ['a length that is none', 'POST /boot/attempts/x/status HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a method of nobody', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n']
] as const) {
  test(`${what} is refused, and the next one is served`, async (t) => {
    const { machines, config } = await startSite(t)
    const socket = connect({ host: config.interfaces[0]?.address ?? '', port: config.ports.http })
    socket.write(bytes, 'latin1')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.on('error', () => undefined).destroy()
    t.regex(answer.toString(), /^HTTP\/1\.1 4\d\d /)
    t.is((await machines.get(`/boot/${MAC}/ipxe`)).status, 200)
  })
}

for (const [rule, path] of [
  ['a broken escape', '/boot/%zz/ipxe'],
  ['a name too long', `/boot/loaders/${'x'.repeat(500)}`]
] as const) {
  test(`${rule} in a URL is a problem like any other`, async (t) => {
    const { machines } = await startSite(t)
    const { status, headers, body } = await machines.get(path)
    t.deepEqual(
      [status, headers['content-type'], body.code],
      [400, 'application/problem+json; charset=utf-8', 'invalid']
    )
  })
}
