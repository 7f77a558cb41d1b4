/** The `tftp` package as a server on an ephemeral port of loopback, as it is. The argument is the root folder. */
import { createServer } from 'tftp'

const server = createServer({ host: '127.0.0.1', root: process.argv[2] ?? '' })
server.port = 0

// The two listeners that its documentation asks for: so nothing ends the process only because nobody heard an error.
server.on('error', () => undefined)
server.on('request', (request) => request.on('error', () => undefined))

server.on('listening', () => process.send?.({ port: server._socket.address().port }))
server.listen()
