import type { Endpoint } from '../net/endpoint.ts'

/** The server can't have its port. The message is one line and says what to do; `code` is the system's. */
export class ListenFailed extends Error {
  override readonly name = 'ListenFailed'
  readonly code: string

  constructor({ address, port }: Endpoint, cause: NodeJS.ErrnoException) {
    super(`TFTP can't listen on ${address}:${port}: ${advice(port, cause)}`, { cause })
    this.code = cause.code ?? 'UNKNOWN'
  }
}

function advice(port: number, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return (
        'another TFTP server, such as tftpd-hpa or dnsmasq, holds the port; ' +
        `stop it ("ss -ulpn sport = :${port}" names it), or configure another port`
      )
    case 'EACCES':
      return (
        'no permission; a port below 1024 needs the capability CAP_NET_BIND_SERVICE, ' +
        'as the systemd unit gives it; or configure a port from 1024'
      )
    case 'EADDRNOTAVAIL':
      return 'no interface of this machine has the address'
    default:
      return message
  }
}
