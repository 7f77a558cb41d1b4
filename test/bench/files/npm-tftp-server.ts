/** The `tftp` package as a server: address, root folder. */
import { createServer } from 'tftp'

const [, , host = '', root = ''] = process.argv
const server = createServer({ host, root })
server.port = 69
// The two listeners that its documentation asks for: so nothing ends the process only because nobody heard an error.
server.on('error', () => undefined)
server.on('request', (request) => request.on('error', () => undefined))
server.listen()
