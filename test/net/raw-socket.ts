import type { ExecutionContext } from 'ava'
import { BatchReceiver } from '../../src/net/batch.ts'
import { type Ipv4, ipv4ToBytes } from '../../src/net/ipv4.ts'
import { checked, loadLibc } from '../../src/net/libc.ts'

const [AF_UNIX, AF_INET, SOCK_DGRAM] = [1, 2, 2] as const

/** A UDP socket as another program would open it: its file descriptor. @param port 0 for any. */
export function rawUdp(address: Ipv4, port = 0): number {
  const libc = loadLibc()
  const fd = checked('socket', libc.socket(AF_INET, SOCK_DGRAM, 0))
  const local = Uint8Array.of(AF_INET, 0, port >> 8, port, ...ipv4ToBytes(address), 0, 0, 0, 0, 0, 0, 0, 0)
  checked('bind', libc.bind(fd, local, local.length))
  return fd
}

/** What is told at NOTIFY_SOCKET, as systemd receives it. @param path begins with @ where it is abstract. @returns what came since the last call. */
export function notifications(t: ExecutionContext, path: string): () => string[] {
  const libc = loadLibc()
  const receiver = new BatchReceiver(libc)
  const fd = checked('socket', libc.socket(AF_UNIX, SOCK_DGRAM, 0))
  t.teardown(() => libc.close(fd))
  const address = Buffer.from(`\x01\0${path.replace(/^@/, '\0')}`)
  checked('bind', libc.bind(fd, address, address.length))
  return () => {
    const told: string[] = []
    receiver.receive(fd, (bytes) => told.push(Buffer.from(bytes).toString()))
    return told
  }
}
