import { NoSuchFile } from '../net/confined.ts'
import { type ErrorPacket, errorPacket, type Request } from './codec.ts'
import { type Answer, printable } from './report.ts'
import { Stopped } from './session.ts'

/** Why a request gets no transfer. Without `error` the client hears nothing. */
export type Refusal = Answer & { readonly error?: ErrorPacket }

/** What no file could change: the server only reads, and only in mode octet. */
export function refusalOfKind({ type, mode }: Request): Refusal | undefined {
  if (type === 'WRQ') return withError(errorPacket('accessViolation', 'read-only'), 'info', 'read-only')
  if (mode === 'octet') return undefined
  const message = `mode ${printable(mode)} is not served: ask in mode octet`
  return withError(errorPacket('illegalOperation', message), 'info', 'bad-mode')
}

export function refusalAsBusy(transfers: number): Refusal {
  return withError(errorPacket('undefined', `busy: ${transfers} transfers are running`), 'warn', 'busy')
}

/** What came out of opening the file or the socket. The client learns no more of a fault than that it is one. */
export function refusalOfError(error: Error): Refusal {
  if (error instanceof NoSuchFile) return withError(errorPacket('fileNotFound', error.message), 'info', 'not-found')
  if (error instanceof Stopped) {
    if (error.tell) return withError(errorPacket('undefined', error.message), 'info', 'stopped')
    return { answered: `nothing: ${error.message}`, level: 'info', outcome: 'stopped' }
  }
  const packet = errorPacket('undefined', 'the server failed: its log says why')
  return { error: packet, answered: `ERROR 0: ${error.message}`, level: 'warn', outcome: 'failed' }
}

function withError(error: ErrorPacket, level: Answer['level'], outcome: string): Refusal {
  return { error, answered: `ERROR ${error.code}: ${error.message}`, level, outcome }
}
