import test from 'ava'
import { ListenFailed } from '../../src/tftp/listen.ts'
import { start } from '../../src/tftp/server.ts'
import { LOOPBACK, MemoryFiles } from './fakes.ts'
import { startServer } from './harness.ts'

const files = new MemoryFiles({})

test('a port that is taken: the error names who may hold it and how to find out', async (t) => {
  const { port } = await startServer(t, { files })
  const error = await t.throwsAsync(startServer(t, { files, port }), { instanceOf: ListenFailed, code: 'EADDRINUSE' })
  t.is(
    error.message,
    `TFTP can't listen on 127.0.0.1:${port}: another TFTP server, such as tftpd-hpa or dnsmasq, holds the port; ` +
      `stop it ("ss -ulpn sport = :${port}" names it), or configure another port`
  )
})

const ROWS: readonly [what: string, code: string, says: RegExp][] = [
  ['no permission', 'EACCES', /^TFTP can't listen on 127\.0\.0\.1:69: .*CAP_NET_BIND_SERVICE/],
  ['an address of another machine', 'EADDRNOTAVAIL', /no interface of this machine has the address/],
  ['anything else', 'ENOBUFS', /bind failed/]
]

for (const [what, code, says] of ROWS) {
  test(`${what}: one line that says what to do`, async (t) => {
    const bind = () => Promise.reject(Object.assign(new Error('bind failed'), { code }))
    const starting = start({ address: LOOPBACK, port: 69, files, report: () => {}, bind })
    const { message } = await t.throwsAsync(starting, { instanceOf: ListenFailed, code })
    t.regex(message, says)
    t.notRegex(message, /\n/)
  })
}
