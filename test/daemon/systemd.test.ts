import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { stringify } from 'yaml'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { loadLibc } from '../../src/net/libc.ts'
import { notifications, rawUdp } from '../net/raw-socket.ts'
import { eventually } from './eventually.ts'
import { site, start, TANDEM } from './process.ts'
import { handshake, SUBNET } from './running.ts'

test.serial(
  'systemd passes the socket and is told of the start and the end; DHCP is served on that socket',
  async (t) => {
    t.timeout(120_000)
    const { folder, config } = await site(t)
    const path = join(folder, 'notify')
    const told = notifications(t, path)
    // Held here, the port is nobody's to open.
    const fd = rawUdp(config.interfaces[0]?.address as Ipv4, config.ports.dhcp)
    t.teardown(() => loadLibc().close(fd))

    // What is passed is for the process whose number LISTEN_PID is: exec keeps it.
    const activated = ['-c', 'LISTEN_PID=$$ exec "$0" "$@"', TANDEM, 'serve', '--config', 'tandem.yaml']
    const env = { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'dhcp@lo', NOTIFY_SOCKET: path }
    const daemon = spawn('sh', activated, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit', fd] })
    t.teardown(() => daemon.kill('SIGKILL'))
    await eventually(t, (tt) => tt.deepEqual(told(), ['READY=1']))

    writeFileSync(join(folder, 'inventory.yaml'), stringify({ subnets: [SUBNET] }))
    t.deepEqual(await once(start(['apply', '-f', 'inventory.yaml'], folder), 'close'), [0, null])
    await t.notThrowsAsync(handshake({ config }))

    daemon.kill('SIGTERM')
    t.deepEqual(await once(daemon, 'close'), [0, null])
    t.deepEqual(told(), ['STOPPING=1'])
  }
)
