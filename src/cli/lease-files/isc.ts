import type { FileLease, LeaseFile } from './lease-file.ts'

type Block = { readonly address: string; readonly line: number; readonly statements: readonly string[] }

/**
 * ISC dhcpd's dhcpd.leases (dhcpd.leases(5)): a log, in which a later block of an address takes the place of
 * an earlier one. Times are UTC unless `db-time-format local` is set, which writes `epoch SECONDS`.
 */
export function parseIscLeases(text: string): LeaseFile {
  const leases = new Map<string, FileLease>()
  const ignored: { line: number; reason: string }[] = []
  for (const block of blocksOf(text, ignored)) {
    const { address, line } = block
    const state = statementOf(block, 'binding state')
    const mac = statementOf(block, 'hardware ethernet')
    const ends = timeOf(statementOf(block, 'ends'))
    // Whatever an earlier block said of the address is over.
    leases.delete(address)
    if (state !== undefined && state !== 'active') continue
    if (mac === undefined) ignored.push({ line, reason: `${address} has no Ethernet address` })
    else if (ends === undefined) ignored.push({ line, reason: `${address} has no end that can be read` })
    else leases.set(address, leaseOf(block, mac, ends))
  }
  return { leases: [...leases.values()], ignored }
}

function leaseOf(block: Block, mac: string, ends: Date | 'never'): FileLease {
  const clientId = clientIdOf(statementOf(block, 'uid'))
  const hostName = statementOf(block, 'client-hostname')
  return {
    address: block.address,
    mac,
    ...(ends !== 'never' && { expiresAt: ends }),
    ...(clientId && { clientId }),
    ...(hostName && { hostName: textOf(hostName).toString('latin1') })
  }
}

/** `lease ADDRESS { STATEMENT; ... }`; other blocks and statements are passed over. One that the server is just writing has no end yet. */
function blocksOf(text: string, ignored: { line: number; reason: string }[]): Block[] {
  const blocks: Block[] = []
  let open: { address: string; line: number; statements: string[] } | undefined
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/; #.*$/, ';').trim()
    const start = /^lease ([0-9.]+) \{$/.exec(line)
    if (start?.[1] !== undefined) {
      if (open) ignored.push({ line: open.line, reason: `the block of ${open.address} has no end` })
      open = { address: start[1], line: index + 1, statements: [] }
    } else if (line === '}' && open) {
      blocks.push(open)
      open = undefined
    } else if (open && line.endsWith(';')) {
      open.statements.push(line.slice(0, -1))
    }
  }
  if (open) ignored.push({ line: open.line, reason: `the block of ${open.address} has no end` })
  return blocks
}

function statementOf({ statements }: Block, name: string): string | undefined {
  return statements.find((each) => each.startsWith(`${name} `))?.slice(name.length + 1)
}

/** `4 2026/11/19 13:00:00` (the day of the week first), `epoch 1795000000`, `never`. */
function timeOf(value: string | undefined): Date | 'never' | undefined {
  if (value === 'never') return 'never'
  const epoch = /^epoch ([0-9]+)/.exec(value ?? '')
  if (epoch) return new Date(Number(epoch[1]) * 1000)
  const match = /^[0-6] (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(value ?? '')
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second))
}

/** `"\001RT\000\022\064"`, or pairs of hexadecimal digits: `1:52:54:0:12:34:56`. */
function clientIdOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (value.startsWith('"')) return textOf(value).toString('hex')
  const pairs = value.split(':')
  return pairs.every((pair) => /^[0-9a-f]{1,2}$/i.test(pair))
    ? pairs.map((pair) => pair.padStart(2, '0').toLowerCase()).join('')
    : undefined
}

/** A quoted text; bytes that aren't printable are three octal digits. */
function textOf(quoted: string): Buffer {
  const inner = quoted.replace(/^"|"$/g, '')
  const text = inner.replace(/\\([0-7]{3}|.)/g, (_, escaped: string) =>
    escaped.length === 3 ? String.fromCharCode(Number.parseInt(escaped, 8) & 0xff) : escaped
  )
  return Buffer.from(text, 'latin1')
}
