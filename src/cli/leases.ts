import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Context, clientOf, given, macOf, segment } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'
import {
  type FileLease,
  formatOf,
  LEASE_FORMATS,
  type LeaseFile,
  type LeaseFormat,
  parseLeaseFile
} from './lease-files/lease-file.ts'
import { column, printList, printOne } from './output.ts'

type Row = Record<string, unknown>
type Filter = { all?: boolean; mac?: string; machine?: string; subnet?: string; status?: string; json?: boolean }
type Imported = { taken: number; skipped: { address: string; mac: string; reason: string }[] }

/** Leases that are read or written with one request. */
const PAGE = 5000

const COLUMNS = [
  ...['address', 'mac', 'machine', 'kind', 'state'].map((name) => column(name)),
  column('expires', 'expiresAt')
]

/** `tandem leases`: who holds which address. */
export function leaseCommands(program: Command, context: Context): void {
  const { output, errors } = context
  const group = program
    .command('leases')
    .description('list the addresses that clients hold; release one; take over those of another server')
    .option('--all', 'those that have ended too')
    .option('--mac <mac>')
    .option('--machine <name>')
    .option('--subnet <cidr>')
    .option('--status <status>', 'active (default), expired, released or declined')
    .option('--json', 'as JSON')
    .action(async ({ all, json, mac, status, ...filter }: Filter, command: Command) => {
      const state = status ?? (all ? undefined : 'active')
      const query = given({ ...filter, state, mac: mac && macOf(mac) }) as Record<string, string>
      printList(output, await everyPage(command, query), COLUMNS, json)
    })

  group
    .command('release <address>')
    .description('end a lease, or the quarantine of a declined address: it may be given to somebody else')
    .action(async (address: string, _options: object, command: Command) => {
      await clientOf(command, context).json('DELETE', `/leases/${segment(address)}`)
      output.line(`lease of ${address} ended`)
    })

  group
    .command('import <file>')
    .description("take over the leases in another server's file, dhcpd.leases or dnsmasq.leases; it may be running")
    .option('--format <format>', `${LEASE_FORMATS.join(' or ')}; default: as the file looks`)
    .option('--json', 'as JSON')
    .action(async (file: string, { format, json }: { format?: string; json?: boolean }, command: Command) => {
      const { leases, ignored } = readLeases(file, format)
      for (const { line, reason } of ignored) errors.line(`${file}:${line}: ignored: ${reason}`)
      const result = await importAll(command, leases)
      if (json) {
        printOne(output, result, true)
        return
      }
      for (const { address, mac, reason } of result.skipped) output.line(`skipped ${address} of ${mac}: ${reason}`)
      const leasesTaken = result.taken === 1 ? '1 lease' : `${result.taken} leases`
      output.line(`${leasesTaken} taken over, ${result.skipped.length} skipped`)
    })

  async function everyPage(command: Command, query: Record<string, string>): Promise<Row[]> {
    const client = clientOf(command, context)
    const rows: Row[] = []
    for (;;) {
      const page = new URLSearchParams({ ...query, limit: String(PAGE), offset: String(rows.length) })
      const { items, total } = await client.json<{ items: Row[]; total: number }>('GET', `/leases?${page}`)
      rows.push(...items)
      if (items.length === 0 || rows.length >= total) return rows
    }
  }

  async function importAll(command: Command, leases: readonly FileLease[]): Promise<Imported> {
    const client = clientOf(command, context)
    const sum: Imported = { taken: 0, skipped: [] }
    for (let start = 0; start < leases.length; start += PAGE) {
      const part = { leases: leases.slice(start, start + PAGE) }
      const { taken, skipped } = await client.json<Imported>('POST', '/leases/import', part)
      sum.taken += taken
      sum.skipped.push(...skipped)
    }
    return sum
  }
}

function readLeases(file: string, format: string | undefined): LeaseFile {
  if (format !== undefined && !LEASE_FORMATS.includes(format as LeaseFormat)) {
    throw new UsageError(`--format "${format}" is neither ${LEASE_FORMATS.join(' nor ')}`)
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandFailed(`${file} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
  const found = (format as LeaseFormat | undefined) ?? formatOf(text)
  if (found === undefined) {
    throw new CommandFailed(`${file} looks neither like dhcpd.leases nor like dnsmasq.leases: name its --format`)
  }
  return parseLeaseFile(text, found)
}
