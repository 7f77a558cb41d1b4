import { type Ipv4, ipv4ToBytes } from '../../src/net/ipv4.ts'
import { checked, loadLibc } from '../../src/net/libc.ts'

const [AF_INET, SOCK_DGRAM] = [2, 2] as const

/** A UDP socket as another program would open it, bound to an address and any port: its file descriptor. */
export function rawUdp(address: Ipv4): number {
  const libc = loadLibc()
  const fd = checked('socket', libc.socket(AF_INET, SOCK_DGRAM, 0))
  const anyPort = Uint8Array.of(AF_INET, 0, 0, 0, ...ipv4ToBytes(address), 0, 0, 0, 0, 0, 0, 0, 0)
  checked('bind', libc.bind(fd, anyPort, anyPort.length))
  return fd
}
