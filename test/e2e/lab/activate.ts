import { spawn } from 'node:child_process'
import { loadLibc } from '../../../src/net/libc.ts'
import { openSocket } from '../../../src/net/socket.ts'
import { bindingsOf, type Interface } from '../../../src/net/udp.ts'

/**
 * Starts a program as systemd does with the units tandem-dhcp-br0.socket and tandem-dhcp@.socket: with DHCP's
 * sockets open. It has no capabilities. Arguments: the interfaces as JSON, then the program and its own.
 */
const [interfaces = '', ...program] = process.argv.slice(2)
const libc = loadLibc()
const sockets = bindingsOf(JSON.parse(interfaces) as Interface[], 67).map((binding) => {
  const socket = openSocket(libc, binding, true)
  socket.share(true)
  return socket
})
const env = { ...process.env, LISTEN_FDS: String(sockets.length) }
const withoutCapabilities = ['--bounding-set=-all', '--inh-caps=-all', 'sh', '-c', 'LISTEN_PID=$$ exec "$0" "$@"']
const descriptors = sockets.map(({ fd }) => fd)
const child = spawn('setpriv', [...withoutCapabilities, ...program], {
  env,
  stdio: ['ignore', 'inherit', 'inherit', ...descriptors]
})
// What comes is the program's to read.
for (const socket of sockets) socket.close()
process.on('SIGTERM', () => child.kill())
child.on('exit', (code) => process.exit(code ?? 1))
