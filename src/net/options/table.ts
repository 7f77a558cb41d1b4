import { ipv4, ipv4s, policyFilters, staticRoutes } from './addresses.ts'
import { list, record } from './composites.ts'
import { domainNames } from './domains.ts'
import { bytes } from './hex.ts'
import { ipxeOptions } from './ipxe.ts'
import { machineId } from './machine-id.ts'
import { flag, int32, uint8, uint8s, uint16, uint32 } from './numbers.ts'
import { option } from './option.ts'
import { pxeOptions } from './pxe.ts'
import { relayAgentOptions } from './relay-agent.ts'
import { routes } from './routes.ts'
import { sipServers } from './sip.ts'
import { text } from './text.ts'
import { userClasses } from './user-class.ts'
import { vendors } from './vendors.ts'

export { IPXE } from './ipxe.ts'
export type { Option } from './option.ts'
export { PXE } from './pxe.ts'
export { RELAY_AGENT, readRelayAgent } from './relay-agent.ts'

const BY_CLIENTS = 'clients send it'
const BY_LEASE = "it follows from the subnet's lease time"
const BY_SERVER = 'the server decides it'

/**
 * DHCP's options: those of RFC 2132, and of later ones what provisioning and its operating systems have a use for.
 * They are named as Kea, ISC dhcpd or the RFC do. Options that aren't here keep their bytes.
 */
export const OPTION = {
  subnetMask: option(1, 'subnet-mask', ipv4, 'RFC 2132, 3.3', "it is the subnet's own"),
  timeOffset: option(2, 'time-offset', int32, 'RFC 2132, 3.4'),
  routers: option(3, 'routers', ipv4s, 'RFC 2132, 3.5'),
  timeServers: option(4, 'time-servers', ipv4s, 'RFC 2132, 3.6'),
  nameServers: option(5, 'name-servers', ipv4s, 'RFC 2132, 3.7'),
  dnsServers: option(6, 'domain-name-servers', ipv4s, 'RFC 2132, 3.8'),
  logServers: option(7, 'log-servers', ipv4s, 'RFC 2132, 3.9'),
  cookieServers: option(8, 'cookie-servers', ipv4s, 'RFC 2132, 3.10'),
  lprServers: option(9, 'lpr-servers', ipv4s, 'RFC 2132, 3.11'),
  impressServers: option(10, 'impress-servers', ipv4s, 'RFC 2132, 3.12'),
  resourceLocationServers: option(11, 'resource-location-servers', ipv4s, 'RFC 2132, 3.13'),
  hostName: option(12, 'host-name', text, 'RFC 2132, 3.14'),
  bootSize: option(13, 'boot-size', uint16, 'RFC 2132, 3.15'),
  meritDump: option(14, 'merit-dump', text, 'RFC 2132, 3.16'),
  domain: option(15, 'domain-name', text, 'RFC 2132, 3.17'),
  swapServer: option(16, 'swap-server', ipv4, 'RFC 2132, 3.18'),
  rootPath: option(17, 'root-path', text, 'RFC 2132, 3.19'),
  extensionsPath: option(18, 'extensions-path', text, 'RFC 2132, 3.20'),
  ipForwarding: option(19, 'ip-forwarding', flag, 'RFC 2132, 4.1'),
  nonLocalSourceRouting: option(20, 'non-local-source-routing', flag, 'RFC 2132, 4.2'),
  policyFilter: option(21, 'policy-filter', policyFilters, 'RFC 2132, 4.3'),
  maxReassembly: option(22, 'max-dgram-reassembly', uint16, 'RFC 2132, 4.4'),
  defaultTtl: option(23, 'default-ip-ttl', uint8, 'RFC 2132, 4.5'),
  pathMtuAging: option(24, 'path-mtu-aging-timeout', uint32, 'RFC 2132, 4.6'),
  pathMtuPlateaus: option(25, 'path-mtu-plateau-table', list(uint16), 'RFC 2132, 4.7'),
  interfaceMtu: option(26, 'interface-mtu', uint16, 'RFC 2132, 5.1'),
  allSubnetsLocal: option(27, 'all-subnets-local', flag, 'RFC 2132, 5.2'),
  broadcast: option(28, 'broadcast-address', ipv4, 'RFC 2132, 5.3'),
  maskDiscovery: option(29, 'perform-mask-discovery', flag, 'RFC 2132, 5.4'),
  maskSupplier: option(30, 'mask-supplier', flag, 'RFC 2132, 5.5'),
  routerDiscovery: option(31, 'router-discovery', flag, 'RFC 2132, 5.6'),
  routerSolicitation: option(32, 'router-solicitation-address', ipv4, 'RFC 2132, 5.7'),
  staticRoutes: option(33, 'static-routes', staticRoutes, 'RFC 2132, 5.8'),
  trailerEncapsulation: option(34, 'trailer-encapsulation', flag, 'RFC 2132, 6.1'),
  arpCacheTimeout: option(35, 'arp-cache-timeout', uint32, 'RFC 2132, 6.2'),
  ieee8023Encapsulation: option(36, 'ieee802-3-encapsulation', flag, 'RFC 2132, 6.3'),
  defaultTcpTtl: option(37, 'default-tcp-ttl', uint8, 'RFC 2132, 7.1'),
  tcpKeepaliveInterval: option(38, 'tcp-keepalive-interval', uint32, 'RFC 2132, 7.2'),
  tcpKeepaliveGarbage: option(39, 'tcp-keepalive-garbage', flag, 'RFC 2132, 7.3'),
  nisDomain: option(40, 'nis-domain', text, 'RFC 2132, 8.1'),
  nisServers: option(41, 'nis-servers', ipv4s, 'RFC 2132, 8.2'),
  ntpServers: option(42, 'ntp-servers', ipv4s, 'RFC 2132, 8.3'),
  vendorOptions: option(43, 'vendor-encapsulated-options', bytes, 'RFC 2132, 8.4'),
  /** What {@link OPTION.vendorOptions} hold for PXE clients. */
  pxe: option(43, 'pxe', pxeOptions, 'PXE 2.1, table 2-1'),
  netbiosNameServers: option(44, 'netbios-name-servers', ipv4s, 'RFC 2132, 8.5'),
  netbiosDatagramServers: option(45, 'netbios-dd-server', ipv4s, 'RFC 2132, 8.6'),
  netbiosNodeType: option(46, 'netbios-node-type', uint8, 'RFC 2132, 8.7'),
  netbiosScope: option(47, 'netbios-scope', text, 'RFC 2132, 8.8'),
  fontServers: option(48, 'font-servers', ipv4s, 'RFC 2132, 8.9'),
  xDisplayManager: option(49, 'x-display-manager', ipv4s, 'RFC 2132, 8.10'),
  requestedAddress: option(50, 'dhcp-requested-address', ipv4, 'RFC 2132, 9.1', BY_CLIENTS),
  leaseTime: option(51, 'dhcp-lease-time', uint32, 'RFC 2132, 9.2', BY_LEASE),
  overload: option(52, 'dhcp-option-overload', uint8, 'RFC 2132, 9.3', BY_SERVER),
  messageType: option(53, 'dhcp-message-type', uint8, 'RFC 2132, 9.6', BY_SERVER),
  serverId: option(54, 'dhcp-server-identifier', ipv4, 'RFC 2132, 9.7', BY_SERVER),
  parameters: option(55, 'dhcp-parameter-request-list', uint8s, 'RFC 2132, 9.8', BY_CLIENTS),
  message: option(56, 'dhcp-message', text, 'RFC 2132, 9.9', BY_SERVER),
  maxMessageSize: option(57, 'dhcp-max-message-size', uint16, 'RFC 2132, 9.10', BY_CLIENTS),
  renewalTime: option(58, 'dhcp-renewal-time', uint32, 'RFC 2132, 9.11', BY_LEASE),
  rebindingTime: option(59, 'dhcp-rebinding-time', uint32, 'RFC 2132, 9.12', BY_LEASE),
  vendorClass: option(60, 'vendor-class-identifier', text, 'RFC 2132, 9.13'),
  clientId: option(61, 'dhcp-client-identifier', bytes, 'RFC 2132, 9.14', BY_CLIENTS),
  nisPlusDomain: option(64, 'nisplus-domain-name', text, 'RFC 2132, 8.11'),
  nisPlusServers: option(65, 'nisplus-servers', ipv4s, 'RFC 2132, 8.12'),
  tftpServer: option(66, 'tftp-server-name', text, 'RFC 2132, 9.4'),
  bootFile: option(67, 'boot-file-name', text, 'RFC 2132, 9.5'),
  mobileIpHomeAgents: option(68, 'mobile-ip-home-agent', list(ipv4, 0), 'RFC 2132, 8.13'),
  smtpServers: option(69, 'smtp-server', ipv4s, 'RFC 2132, 8.14'),
  popServers: option(70, 'pop-server', ipv4s, 'RFC 2132, 8.15'),
  nntpServers: option(71, 'nntp-server', ipv4s, 'RFC 2132, 8.16'),
  wwwServers: option(72, 'www-server', ipv4s, 'RFC 2132, 8.17'),
  fingerServers: option(73, 'finger-server', ipv4s, 'RFC 2132, 8.18'),
  ircServers: option(74, 'irc-server', ipv4s, 'RFC 2132, 8.19'),
  streetTalkServers: option(75, 'streettalk-server', ipv4s, 'RFC 2132, 8.20'),
  streetTalkDirectoryServers: option(76, 'streettalk-directory-assistance-server', ipv4s, 'RFC 2132, 8.21'),
  userClass: option(77, 'user-class', userClasses, 'RFC 3004', BY_CLIENTS),
  slpAgents: option(78, 'slp-directory-agent', record({ mandatory: flag, addresses: ipv4s }), 'RFC 2610, 3'),
  slpScopes: option(79, 'slp-service-scope', record({ mandatory: flag, scopes: text }), 'RFC 2610, 4'),
  relayAgent: option(82, 'dhcp-agent-options', relayAgentOptions, 'RFC 3046', 'relay agents send it, and get it back'),
  architectures: option(93, 'client-system', list(uint16), 'RFC 4578, 2.1', BY_CLIENTS),
  networkInterface: option(
    94,
    'client-ndi',
    record({ type: uint8, major: uint8, minor: uint8 }),
    'RFC 4578, 2.2',
    BY_CLIENTS
  ),
  machineId: option(97, 'uuid-guid', machineId, 'RFC 4578, 2.3', BY_CLIENTS),
  posixTimezone: option(100, 'pcode', text, 'RFC 4833, 2'),
  timezone: option(101, 'tcode', text, 'RFC 4833, 2'),
  ipv6OnlyPreferred: option(108, 'ipv6-only-preferred', uint32, 'RFC 8925, 3.1'),
  captivePortal: option(114, 'v4-captive-portal', text, 'RFC 8910, 2.1'),
  autoConfiguration: option(116, 'auto-config', flag, 'RFC 2563, 2'),
  nameServiceSearch: option(117, 'name-service-search', list(uint16), 'RFC 2937'),
  subnetSelection: option(118, 'subnet-selection', ipv4, 'RFC 3011', BY_CLIENTS),
  domainSearch: option(119, 'domain-search', domainNames, 'RFC 3397'),
  sipServers: option(120, 'sip-servers', sipServers, 'RFC 3361'),
  classlessRoutes: option(121, 'classless-static-routes', routes, 'RFC 3442'),
  vendorClasses: option(124, 'vivco-suboptions', vendors, 'RFC 3925, 3', BY_CLIENTS),
  vendorSpecific: option(125, 'vivso-suboptions', vendors, 'RFC 3925, 4'),
  capwapControllers: option(138, 'capwap-ac-v4', ipv4s, 'RFC 5417, 4'),
  tftpServerAddresses: option(150, 'tftp-server-address', ipv4s, 'RFC 5859'),
  ipxe: option(175, 'ipxe', ipxeOptions, 'ipxe.org/howto/dhcpd'),
  iscsiInitiator: option(203, 'initiator-iqn', text, 'ipxe.org/cfg/initiator-iqn'),
  pxelinuxMagic: option(208, 'pxelinux-magic', bytes, 'RFC 5071, 3'),
  configFile: option(209, 'configfile', text, 'RFC 5071, 4'),
  pathPrefix: option(210, 'pathprefix', text, 'RFC 5071, 5'),
  rebootTime: option(211, 'reboot-time', uint32, 'RFC 5071, 6')
} as const
