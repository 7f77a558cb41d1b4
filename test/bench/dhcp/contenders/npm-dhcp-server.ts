/**
 * The `dhcp` package as a server, configured by the JSON file that the argument names. It answers clients only, at
 * port 68 of the address `broadcast`; here its replies go to a relay agent, at port 67.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'dhcp'

const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Record<string, unknown>
const server = createServer(config)

// Without a listener the package ends at every option that a client asks for and it doesn't know.
server.on('error', () => undefined)

const send = server._sock.send.bind(server._sock)
server._sock.send = (packet, offset, length, _port, host) => send(packet, offset, length, 67, host)
server._sock.bind(67, String(config.server), () => undefined)
