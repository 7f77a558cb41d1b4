import type { Command } from 'commander'
import { type Context, clientOf, macOf } from './context.ts'
import { column, printList } from './output.ts'

/** As REST shows it. */
export type Transfer = {
  readonly protocol: string
  readonly address: string
  readonly mac: string | null
  readonly machine: string | null
  readonly file: string
  readonly size: number
  readonly bytes: number
  readonly percent: number
  readonly rate: number
  readonly startedAt: string
  readonly state: 'running' | 'complete' | 'ended'
}

type Filter = { machine?: string; mac?: string; json?: boolean }

const COLUMNS = [
  { title: 'machine', value: nameOf },
  ...['address', 'protocol', 'file', 'state'].map((name) => column(name)),
  { title: '%', value: ({ percent }: Record<string, unknown>) => percent },
  { title: 'size', value: ({ size }: Record<string, unknown>) => megabytes(size as number) },
  { title: 'rate', value: ({ rate }: Record<string, unknown>) => `${megabytes(rate as number)}/s` }
]

/** `tandem transfers`: which boot files are on their way. */
export function transfersCommand(program: Command, context: Context): void {
  program
    .command('transfers')
    .description('the boot files that are on their way to machines, and how far (`events --follow` goes on telling)')
    .option('--machine <name>')
    .option('--mac <mac>')
    .option('--json', 'as JSON')
    .action(async ({ json, machine, mac }: Filter, command: Command) => {
      const query = new URLSearchParams({ ...(machine && { machine }), ...(mac && { mac: macOf(mac) }) })
      const { items } = await clientOf(command, context).json<{ items: Transfer[] }>('GET', `/transfers?${query}`)
      printList(context.output, items, COLUMNS, json)
    })
}

/** `web3: initrd.gz 62 % (28.1 of 45.3 MB, 11.2 MB/s)`. */
export function describeTransfer(transfer: Transfer): string {
  const { file, percent, bytes, size, rate, state } = transfer
  const far = `${percent} % (${(bytes / 1e6).toFixed(1)} of ${megabytes(size)}, ${megabytes(rate)}/s)`
  const end = state === 'running' ? '' : state === 'complete' ? ', complete' : ', ended before it was complete'
  return `${nameOf(transfer)}: ${file} ${far}${end}`
}

function nameOf({ machine, mac, address }: Record<string, unknown>): string {
  return String(machine ?? mac ?? address)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
