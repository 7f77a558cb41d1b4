import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import test from 'ava'
import { freePorts } from '../../src/cli/drill/free-ports.ts'
import { CommandFailed } from '../../src/cli/errors.ts'

/** Of this test's own: other tests have theirs. */
const ADDRESSES = ['127.9.8.7', '127.9.8.8']

test('the ports are free on each address, for TCP and UDP, and none is one that the system gives to clients', async (t) => {
  const { http, tftp, admin, pair, dhcp } = await freePorts(ADDRESSES)
  const all = [http, tftp, admin, pair, pair + 1, dhcp, dhcp + 1]
  t.is(new Set(all).size, 7)
  const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number)
  for (const port of all) {
    t.false(port >= Number(first) && port <= Number(last), `${port}`)
    for (const address of ADDRESSES) {
      const tcp = createServer().listen(port, address)
      const udp = createSocket('udp4').bind(port, address)
      await Promise.all([once(tcp, 'listening'), once(udp, 'listening')])
      tcp.close()
      udp.close()
    }
  }
})

test('where none are, that is said', async (t) => {
  await t.throwsAsync(freePorts(['127.9.8.7', '192.0.2.1']), {
    instanceOf: CommandFailed,
    message: 'no 7 ports in a row are free on 127.9.8.7 and 192.0.2.1: stop what holds them'
  })
})
