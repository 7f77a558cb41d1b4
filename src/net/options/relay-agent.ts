import { MalformedBytes } from '../bytes.ts'
import { ipv4 } from './addresses.ts'
import { bytes, textOrHex } from './hex.ts'
import { present, uint8, uint32 } from './numbers.ts'
import { type Option, option } from './option.ts'
import { OptionSpace } from './space.ts'
import { subOptions } from './sub-options.ts'

/** Sub-options of option 82 (RFC 3046 and IANA's list), which relay agents add to what they pass on. */
export const RELAY_AGENT = {
  circuitId: option(1, 'circuit-id', textOrHex, 'RFC 3046, 3.1'),
  remoteId: option(2, 'remote-id', textOrHex, 'RFC 3046, 3.2'),
  deviceClass: option(4, 'docsis-device-class', uint32, 'RFC 3256'),
  linkSelection: option(5, 'link-selection', ipv4, 'RFC 3527'),
  subscriberId: option(6, 'subscriber-id', textOrHex, 'RFC 3993'),
  radius: option(7, 'radius', bytes, 'RFC 4014'),
  authentication: option(8, 'auth', bytes, 'RFC 4030'),
  vendorSpecific: option(9, 'vendor-specific-info', bytes, 'RFC 4243'),
  flags: option(10, 'relay-flags', uint8, 'RFC 5010'),
  serverIdOverride: option(11, 'server-id-override', ipv4, 'RFC 5107'),
  relayId: option(12, 'relay-id', bytes, 'RFC 6925'),
  sourcePort: option(19, 'relay-source-port', present, 'RFC 8357'),
  virtualSubnet: option(151, 'virtual-subnet-select', bytes, 'RFC 6607'),
  virtualSubnetControl: option(152, 'virtual-subnet-select-ctrl', present, 'RFC 6607')
} as const

export const relayAgentOptions = subOptions(new OptionSpace(Object.values(RELAY_AGENT)), 'never')

/**
 * One of the sub-options, read where it is: each packet that comes through a relay agent is asked for three.
 * @param bytes of option 82.
 * @returns undefined where it isn't there, and where it or the option around it is malformed.
 */
export function readRelayAgent<T>(bytes: Uint8Array, { code, kind }: Option<T>): T | undefined {
  let found: number | undefined
  let at = 0
  for (; at < bytes.length; at += 2 + (bytes[at + 1] ?? 0)) if (bytes[at] === code) found = at
  if (found === undefined || at > bytes.length) return undefined
  try {
    return kind.read(bytes.subarray(found + 2, found + 2 + (bytes[found + 1] as number)))
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}
