import test from 'ava'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { ListenFailed } from '../../src/tftp/listen.ts'
import { LOOPBACK, MemoryFiles } from './fakes.ts'
import { startServer } from './harness.ts'

const files = new MemoryFiles({})

test('a port that is taken: the error names who may hold it and how to find out', (t) => {
  const { port } = startServer(t, { files })
  const error = t.throws(() => startServer(t, { files, port }), { instanceOf: ListenFailed, code: 'EADDRINUSE' })
  t.is(
    error?.message,
    `TFTP can't listen on 127.0.0.1:${port}: another TFTP server, such as tftpd-hpa or dnsmasq, holds the port; ` +
      `stop it ("ss -ulpn sport = :${port}" names it), or configure another port`
  )
})

test('an address of another machine: then no other is held either', (t) => {
  const { port, close } = startServer(t, { files })
  return close().then(() => {
    const addresses = [LOOPBACK, '192.0.2.1' as Ipv4]
    t.throws(() => startServer(t, { files, port, addresses }), { instanceOf: ListenFailed, code: 'EADDRNOTAVAIL' })
    t.is(startServer(t, { files, port }).port, port)
  })
})

const ROWS: readonly [what: string, code: string, says: RegExp][] = [
  ['no permission', 'EACCES', /^TFTP can't listen on 127\.0\.0\.1:69: .*CAP_NET_BIND_SERVICE/],
  ['an address of another machine', 'EADDRNOTAVAIL', /no interface of this machine has the address/],
  ['anything else', 'ENOBUFS', /bind failed/]
]

for (const [what, code, says] of ROWS) {
  test(`${what}: one line that says what to do`, (t) => {
    const cause = Object.assign(new Error('bind failed'), { code })
    const { message } = new ListenFailed({ address: LOOPBACK, port: 69 }, cause)
    t.regex(message, says)
    t.notRegex(message, /\n/)
  })
}
