import type { FileLease, LeaseFile } from './lease-file.ts'

/** Expiry (seconds since 1970; 0: never), MAC (behind its hardware type where that isn't Ethernet), address, host name, client id; `*` for none. */
const LINE = /^([0-9]+) (?:([0-9A-Fa-f]{2})-)?((?:[0-9A-Fa-f]{2}:)+[0-9A-Fa-f]{2}) ([0-9.]+) (\S+) (\S+)$/

/** dnsmasq's lease file: a line each; the leases of IPv6 come after a line that begins with `duid` (lease.c). */
export function parseDnsmasqLeases(text: string): LeaseFile {
  const leases: FileLease[] = []
  const ignored: { line: number; reason: string }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('duid ')) break
    if (line.trim() === '') continue
    const match = LINE.exec(line.trimEnd())
    if (match === null) {
      ignored.push({ line: index + 1, reason: 'not "EXPIRY MAC ADDRESS NAME CLIENT-ID"' })
      continue
    }
    const [, expiry = '', hardware = '01', mac = '', address = '', name = '', clientId = ''] = match
    if (hardware !== '01' || mac.length !== 17) {
      ignored.push({ line: index + 1, reason: `${mac} is no Ethernet address` })
      continue
    }
    leases.push({
      address,
      mac,
      ...(expiry !== '0' && { expiresAt: new Date(Number(expiry) * 1000) }),
      ...(name !== '*' && { hostName: name }),
      ...(/^([0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2}$/.test(clientId) && {
        clientId: clientId.replaceAll(':', '').toLowerCase()
      })
    })
  }
  return { leases, ignored }
}
