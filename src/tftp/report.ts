import type { Step } from '../net/step.ts'
import type { Options, Request } from './codec.ts'
import type { Plan, TransferEnd } from './transfer.ts'

/** The half of a step that says what came of a request. */
export type Answer = Pick<Step, 'answered' | 'level' | 'outcome'>

/** `RRQ ipxe.efi blksize=1468 tsize`. */
export function describeRequest({ type, file, options }: Request): string {
  return [type, printable(file), ...optionWords(options, '0')].join(' ')
}

/** `OACK blksize=1468 tsize=1044480, 1.0 MB`, or `DATA, 1.0 MB` where no option was agreed. */
export function describeAnswer({ accepted, size }: Plan): Answer {
  const words = accepted.size === 0 ? ['DATA'] : ['OACK', ...optionWords(accepted)]
  return { answered: `${words.join(' ')}, ${formatSize(size)}`, level: 'info', outcome: 'sent' }
}

/**
 * How a transfer of some milliseconds went. A client that only asked for the size, or went away, is nobody's task.
 * @param sendError what the system last said when a packet could not be sent: why the client seems silent.
 */
export function describeEnd(end: TransferEnd, plan: Plan, milliseconds: number, sendError?: string): Answer {
  switch (end.how) {
    case 'done':
      return { answered: `done: ${plan.size} bytes in ${Math.round(milliseconds)} ms`, level: 'info', outcome: 'done' }
    case 'aborted': {
      const answered =
        `the client ended it at block ${end.block}: ERROR ${end.code} ${printable(end.message)}`.trimEnd()
      return { answered, level: end.block === 0 ? 'debug' : 'info', outcome: 'aborted' }
    }
    case 'silent':
    case 'unreachable': {
      const what = end.last ? 'the last block' : end.block === 0 ? 'the OACK' : `block ${end.block}`
      const why = end.how === 'silent' ? `for ${plan.patience / 1000} s` : 'and its host says that nobody listens'
      const cause = sendError === undefined ? '' : `; sending failed: ${sendError}`
      return {
        answered: `given up: no ACK of ${what} ${why}${cause}`,
        level: sendError === undefined ? 'info' : 'warn',
        outcome: 'timeout'
      }
    }
    case 'unreadable':
      return { answered: `ERROR 0: ${end.message}`, level: 'warn', outcome: 'failed' }
    case 'stopped':
      return { answered: `ended: ${end.reason}`, level: 'info', outcome: 'stopped' }
  }
}

/** What a client sent, fit for a log line: without control characters, and cut where it is no sensible name any more. */
export function printable(text: string): string {
  const clean = text.replace(/\p{C}/gu, '\ufffd')
  return clean.length <= 200 ? clean : `${clean.slice(0, 200)}...`
}

/** A value that says nothing is left out. */
function optionWords(options: Options, silentValue?: string): string[] {
  return Array.from(options, ([name, value]) => printable(value === silentValue ? name : `${name}=${value}`))
}

function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}
