import { type ErrorPacket, errorPacket, type Request } from './codec.ts'
import { type Answer, printable } from './report.ts'

/** Why a request gets no transfer. Without `error` the client hears nothing. */
export type Refusal = Answer & { readonly error?: ErrorPacket }

/** What no file could change: the server only reads, in the modes octet and netascii. */
export function refusalOfKind({ type, mode }: Request): Refusal | undefined {
  if (type === 'WRQ') return withError(errorPacket('accessViolation', 'read-only'), 'info', 'read-only')
  if (mode === 'octet' || mode === 'netascii') return undefined
  const message = `mode ${printable(mode)} is not served: ask in mode octet`
  return withError(errorPacket('illegalOperation', message), 'info', 'bad-mode')
}

/** @param why as ClientCount says it: `there are 4096 already, and may be no more`. */
export function refusalAsBusy(why: string): Refusal {
  return withError(errorPacket('undefined', `busy: of transfers, ${why}; ask again later`), 'warn', 'busy')
}

export function refusalAsMissing(message: string): Refusal {
  return withError(errorPacket('fileNotFound', message), 'info', 'not-found')
}

/** What came out of opening the file or the socket. The client learns no more of a fault than that it is one. */
export function refusalOfFault(message: string): Refusal {
  const packet = errorPacket('undefined', 'the server failed: its log says why')
  return { error: packet, answered: `ERROR 0: ${message}`, level: 'warn', outcome: 'failed' }
}

export function refusalAsStopped(reason: string): Refusal {
  return withError(errorPacket('undefined', reason), 'info', 'stopped')
}

function withError(error: ErrorPacket, level: Answer['level'], outcome: string): Refusal {
  return { error, answered: `ERROR ${error.code}: ${error.message}`, level, outcome }
}
