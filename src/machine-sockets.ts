import type { Logger } from 'pino'
import { InterfaceWatch } from './net/interface-watch.ts'
import type { Interface } from './net/interfaces.ts'
import { loadLibc } from './net/libc.ts'
import { readLinks } from './net/links.ts'
import { closeUnwanted, type PassedSocket } from './net/systemd.ts'
import { bindingsOf, openUdp } from './net/udp.ts'

/** How soon an interface that is made anew is served again. */
const LOOK_MS = 1000

export type MachineSockets = {
  readonly open: typeof openUdp
  close(): void
}

/**
 * How sockets are opened towards machines: those that systemd passed are used, and all stay with
 * their interfaces as these come and go.
 * @param ports those that are going to be opened.
 */
export function machineSockets(
  interfaces: readonly Interface[],
  ports: readonly number[],
  passed: readonly PassedSocket[],
  log: Logger
): MachineSockets {
  const wanted = ports.flatMap((port) => bindingsOf(interfaces, port))
  for (const line of closeUnwanted(passed, wanted)) log.warn(line)
  const libc = loadLibc()
  const watch = new InterfaceWatch({ interfaces, links: () => readLinks(libc), log })
  const timer = setInterval(() => watch.look(), LOOK_MS)
  return {
    open: (at, port, handlers) => openUdp(at, port, handlers, { passed, watch }),
    close: () => clearInterval(timer)
  }
}
