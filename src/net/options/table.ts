import {
  bytes,
  encapsulated,
  ipv4,
  ipv4s,
  type Kind,
  machineId,
  present,
  text,
  uint8,
  uint8s,
  uint16s,
  uint32
} from './kinds.ts'

/** An option, or a sub-option of one, whose value Tandem reads or writes. All others keep their bytes. */
export type Option<T> = {
  readonly code: number
  readonly name: string
  readonly kind: Kind<T>
  readonly source: string
}

export const OPTION = {
  subnetMask: option(1, 'subnet mask', ipv4, 'RFC 2132, 3.3'),
  routers: option(3, 'routers', ipv4s, 'RFC 2132, 3.5'),
  dnsServers: option(6, 'DNS servers', ipv4s, 'RFC 2132, 3.8'),
  hostName: option(12, 'host name', text, 'RFC 2132, 3.14'),
  domain: option(15, 'domain name', text, 'RFC 2132, 3.17'),
  broadcast: option(28, 'broadcast address', ipv4, 'RFC 2132, 5.3'),
  ntpServers: option(42, 'NTP servers', ipv4s, 'RFC 2132, 8.3'),
  vendorOptions: option(43, 'vendor options', bytes, 'RFC 2132, 8.4'),
  requestedAddress: option(50, 'requested address', ipv4, 'RFC 2132, 9.1'),
  leaseTime: option(51, 'lease time', uint32, 'RFC 2132, 9.2'),
  messageType: option(53, 'message type', uint8, 'RFC 2132, 9.6'),
  serverId: option(54, 'server identifier', ipv4, 'RFC 2132, 9.7'),
  parameters: option(55, 'parameter request list', uint8s, 'RFC 2132, 9.8'),
  message: option(56, 'message', text, 'RFC 2132, 9.9'),
  renewalTime: option(58, 'renewal time (T1)', uint32, 'RFC 2132, 9.11'),
  rebindingTime: option(59, 'rebinding time (T2)', uint32, 'RFC 2132, 9.12'),
  vendorClass: option(60, 'vendor class', text, 'RFC 2132, 9.13'),
  clientId: option(61, 'client identifier', bytes, 'RFC 2132, 9.14'),
  tftpServer: option(66, 'TFTP server name', text, 'RFC 2132, 9.4'),
  bootFile: option(67, 'boot file name', text, 'RFC 2132, 9.5'),
  userClass: option(77, 'user class', bytes, 'RFC 3004'),
  relayAgent: option(82, 'relay agent information', encapsulated, 'RFC 3046'),
  architectures: option(93, 'client architecture', uint16s, 'RFC 4578, 2.1'),
  machineId: option(97, 'client machine identifier', machineId, 'RFC 4578, 2.3'),
  ipxe: option(175, 'iPXE options', encapsulated, 'ipxe.org/howto/dhcpd')
} as const

export const RELAY_AGENT = {
  linkSelection: option(5, 'link selection', ipv4, 'RFC 3527'),
  sourcePort: option(19, 'relay source port', present, 'RFC 8357')
} as const

export const IPXE = {
  noProxyDhcp: option(176, 'no-pxedhcp', uint8, 'ipxe.org/cfg/no-pxedhcp'),
  busId: option(177, 'bus-id', bytes, 'ipxe.org/cfg/busid')
} as const

function option<T>(code: number, name: string, kind: Kind<T>, source: string): Option<T> {
  return { code, name, kind, source }
}
