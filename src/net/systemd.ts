import { isDeepStrictEqual } from 'node:util'
import { checked, type Libc, loadLibc } from './libc.ts'
import { type Binding, bindingOf } from './socket.ts'

/** A socket that systemd opened for this process. */
export type PassedSocket = {
  readonly fd: number
  /** FileDescriptorName= of its unit. */
  readonly name: string
  /** Undefined where it is no UDP socket over IPv4, or the interface it was bound to is gone. */
  readonly binding: Binding | undefined
}

const FIRST_FD = 3
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

/**
 * The sockets that came with the start (sd_listen_fds(3)).
 * @param env loses the variables that tell of them: they aren't for child processes.
 * @param pid this process's: what is meant for another isn't touched.
 */
export function passedSockets(env: NodeJS.ProcessEnv, pid: number): PassedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name]
  if (Number(LISTEN_PID) !== pid) return []
  const libc = loadLibc()
  const names = LISTEN_FDNAMES.split(':')
  return Array.from({ length: Number(LISTEN_FDS) }, (_, index) => {
    const fd = FIRST_FD + index
    return { fd, name: names[index] ?? '', binding: bindingOf(libc, fd) }
  })
}

/**
 * Closes the sockets that are bound to nothing that is wanted.
 * @returns what is to be told of each, in one line.
 */
export function closeUnwanted(passed: readonly PassedSocket[], wanted: readonly Binding[]): string[] {
  const libc = loadLibc()
  return passed
    .filter(({ binding }) => !wanted.some((each) => isDeepStrictEqual(each, binding)))
    .map(({ fd, name, binding }) => {
      libc.close(fd)
      const is = binding ? `bound to ${textOf(binding)}` : 'no UDP socket over IPv4, or its interface is gone'
      return `systemd passed the socket "${name}", which is not used: it is ${is}; used are ${wanted.map(textOf).join(', ') || 'none'}`
    })
}

/** As a socket unit has it: `0.0.0.0:67 on br0`. */
function textOf({ address, port, device }: Binding): string {
  return `${address}:${port}${device === undefined ? '' : ` on ${device}`}`
}

/**
 * What tells systemd how the service is (sd_notify(3)): `READY=1`, `STOPPING=1`. It does nothing where systemd didn't ask.
 * @param env loses NOTIFY_SOCKET: it isn't for child processes.
 * @param failed told why systemd wasn't.
 */
export function notifier(env: NodeJS.ProcessEnv, failed: (error: Error) => void): (state: string) => void {
  const { NOTIFY_SOCKET: path } = env
  delete env.NOTIFY_SOCKET
  if (path === undefined) return () => {}
  const libc = loadLibc()
  return (state) => {
    try {
      notify(libc, path, Buffer.from(state))
    } catch (error) {
      failed(error as Error)
    }
  }
}

/** Node has no datagram sockets of the Unix domain. */
function notify(libc: Libc, path: string, state: Buffer): void {
  // An abstract address: Linux has a NUL where systemd writes an @.
  const address = Buffer.from(`\0\0${path.replace(/^@/, '\0')}`)
  address.writeUInt16LE(AF_UNIX)
  const fd = checked('socket', libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
  try {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL
    checked(`sendto ${path}`, libc.sendto(fd, state, state.length, flags, address, address.length))
  } finally {
    libc.close(fd)
  }
}
