/**
 * The `dhcp` package as a server on an ephemeral port of loopback. `listen` takes no port 0, so its socket is bound
 * directly; replies go to port 68, which only root could receive, so each is handed to the parent instead, with the
 * destination it was meant for. Everything else is the package as it is. The argument is the pool's last address.
 */
import { createServer } from 'dhcp'

const server = createServer({
  range: ['10.77.0.10', process.argv[2]],
  randomIP: false,
  netmask: '255.255.255.0',
  router: ['10.77.0.1'],
  dns: ['10.77.0.1'],
  broadcast: '10.77.0.255',
  server: '10.77.0.1'
})

// As in the package's example: so nothing ends the process only because nobody heard an 'error' event.
server.on('error', () => undefined)

server._sock.send = (packet, offset, length, port, host) => {
  const bytes = Buffer.from(packet.subarray(offset, offset + length))
  process.send?.({ to: `${host}:${port}`, packet: bytes.toString('hex') })
}

server._sock.bind(0, '127.0.0.1', () => process.send?.({ port: server._sock.address().port }))
