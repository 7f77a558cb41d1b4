import { MalformedBytes } from '../bytes.ts'
import type { Ipv4 } from '../ipv4.ts'
import { ipv4s } from './addresses.ts'
import { plainDomainNames } from './domains.ts'
import type { Kind } from './kinds.ts'

type SipServers = { readonly names: readonly string[] } | { readonly addresses: readonly Ipv4[] }

const NAMES = 0
const ADDRESSES = 1

/** Servers of the Session Initiation Protocol: the first byte tells whether names or addresses follow (RFC 3361, section 3). */
export const sipServers: Kind<SipServers> = {
  name: 'list of domain names or of IPv4 addresses',
  read(bytes) {
    const [encoding] = bytes
    if (encoding === NAMES) return { names: plainDomainNames.read(bytes.subarray(1)) }
    if (encoding === ADDRESSES) return { addresses: ipv4s.read(bytes.subarray(1)) }
    throw new MalformedBytes(encoding === undefined ? 'no encoding' : `encoding ${encoding}; 0 and 1 are defined`)
  },
  write: (servers) =>
    'names' in servers
      ? Uint8Array.of(NAMES, ...plainDomainNames.write(servers.names))
      : Uint8Array.of(ADDRESSES, ...ipv4s.write(servers.addresses)),
  parse(json) {
    const [first] = [json].flat()
    const isAddress = typeof first === 'string' && /^[\d.]+$/.test(first)
    return isAddress ? { addresses: ipv4s.parse(json) } : { names: plainDomainNames.parse(json) }
  },
  print: (servers) => ('names' in servers ? servers.names : servers.addresses)
}
