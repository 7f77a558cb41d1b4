import type { Interface } from './interfaces.ts'

/** Why a socket can't be had: `code` is the system's (EADDRINUSE, ...), the message one line that says what to do. */
export class SocketError extends Error {
  override readonly name = 'SocketError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** What an operator is told of an error that opening a port on an interface gave. */
export function explained(error: NodeJS.ErrnoException, { name, address }: Interface, port: number): SocketError {
  const { code = 'EIO', message } = error
  switch (code) {
    case 'EADDRINUSE':
      return new SocketError(
        code,
        `UDP port ${port} of ${address} on ${name} is held by another program: \`ss -lunp sport = :${port}\` shows which; stop it first`
      )
    case 'EACCES':
      return new SocketError(
        code,
        `UDP port ${port} needs the capability CAP_NET_BIND_SERVICE: run as root or set AmbientCapabilities= in the systemd unit`
      )
    case 'EPERM':
      return new SocketError(
        code,
        `binding to the interface ${name} needs the capability CAP_NET_RAW: run as root or set AmbientCapabilities= in the systemd unit`
      )
    case 'ENODEV':
      return new SocketError(code, `there is no interface ${name}: \`ip link\` lists those there are`)
    case 'EADDRNOTAVAIL':
      return new SocketError(code, `${address} is not an address of ${name}: \`ip address\` lists those there are`)
    default:
      return new SocketError(code, `UDP port ${port} of ${address} on ${name} can't be opened: ${message}`)
  }
}
