import { DatabaseError } from './inventory/database.ts'
import { InterfaceError } from './net/interfaces.ts'
import { PlatformError } from './net/libc.ts'
import { SocketError } from './net/udp.ts'
import { ListenFailed } from './tftp/listen.ts'

/** Why the daemon can't start: one line for the operator, with what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

const ADVICE: Record<string, string> = {
  EADDRINUSE: 'another program holds the port: stop it (`ss -tlpn` names it), or configure another port',
  EACCES:
    'no permission; a port below 1024 needs the capability CAP_NET_BIND_SERVICE, as the systemd unit gives it; or configure a port from 1024',
  EADDRNOTAVAIL: 'no interface of this machine has the address'
}

/** What an operator is told; anything that isn't foreseen is handed on as it is, with its stack. */
export function startErrorOf(error: Error, doing?: string): Error {
  if (error instanceof StartError) return error
  const known = [DatabaseError, InterfaceError, PlatformError, SocketError, ListenFailed]
  if (known.some((kind) => error instanceof kind)) return new StartError(error.message, { cause: error })
  const code = (error as NodeJS.ErrnoException).code
  const advice = code && ADVICE[code]
  if (doing !== undefined && advice) return new StartError(`${doing}: ${advice}`, { cause: error })
  if (code && (error as NodeJS.ErrnoException).syscall) return new StartError(error.message, { cause: error })
  return error
}
