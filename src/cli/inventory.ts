import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { FIRMWARE_NAMES } from '../net/firmware.ts'
import { parseMac } from '../net/mac.ts'
import { FileError, parseYaml } from '../yaml.ts'
import { type Exchange, printExchanges } from './capture.ts'
import { type Context, clientOf, segment } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'
import { type Output, printOne } from './output.ts'

const RENDERED = ['ipxe', 'grub', 'pxelinux', 'preseed']

type ExplainOptions = { firmware?: string; packets?: boolean; json?: boolean }
type Edit = { kind: string; key: string; action: string; fields: { field: string; before: unknown; after: unknown }[] }

/** Commands about the inventory as a whole, and about what follows from it. */
export function inventoryCommands(program: Command, context: Context): void {
  const { output } = context

  program
    .command('apply')
    .description('make the inventory be as a YAML file says; what the file does not name stays')
    .requiredOption('-f, --file <file>', 'the file; - for standard input')
    .option('--dry-run', 'only print what would change')
    .option('--json', 'as JSON')
    .action(async ({ file, dryRun, json }: { file: string; dryRun?: boolean; json?: boolean }, command: Command) => {
      const document = readYaml(file)
      const path = `/apply${dryRun ? '?dryRun=true' : ''}`
      const result = await clientOf(command, context).json<{ edits: Edit[] }>('POST', path, document)
      if (json) return printOne(output, result, true)
      for (const edit of result.edits) printEdit(output, edit, dryRun === true)
      output.line(`${result.edits.length} ${dryRun ? 'would change' : 'changed'}`)
    })

  program
    .command('export')
    .description('print the whole inventory as YAML, for `apply`')
    .action(async (_options: object, command: Command) => {
      output.line(stringify(await clientOf(command, context).json('GET', '/export')).trimEnd())
    })

  program
    .command('explain <mac-or-name>')
    .description('why a machine would get what it would get now, and what it was told last; changes nothing')
    .option('--firmware <firmware>', `${FIRMWARE_NAMES.join(', ')}; default ipxe`)
    .option('--packets', 'with the packets of the last exchanges')
    .option('--json', 'as JSON')
    .action(async (which: string, { firmware, packets, json }: ExplainOptions, command: Command) => {
      const mac = macOrUndefined(which)
      const query = new URLSearchParams({
        ...(mac && { mac }),
        ...(firmware && { firmware }),
        ...(packets && { packets: 'true' })
      })
      const path = mac ? `/explain?${query}` : `/machines/${segment(which)}/explain?${query}`
      const answer = await clientOf(command, context).json('GET', path)
      if (json) return printOne(output, answer, true)
      printExplanation(output, answer as never)
    })

  program
    .command('render <name> <file>')
    .description('print the file that a machine would get: ipxe, grub, pxelinux or preseed; changes nothing')
    .action(async (name: string, file: string, _options: object, command: Command) => {
      if (!RENDERED.includes(file)) throw new UsageError(`"${file}" is none of ${RENDERED.join(', ')}`)
      output.line((await clientOf(command, context).text(`/machines/${segment(name)}/render/${file}`)).trimEnd())
    })
}

function readYaml(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new CommandFailed(`${file} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
  try {
    return parseYaml(text, file === '-' ? 'standard input' : file).value
  } catch (error) {
    throw error instanceof FileError ? new CommandFailed(error.message) : error
  }
}

function printEdit(output: Output, { kind, key, action, fields }: Edit, dryRun: boolean): void {
  const sign = { create: '+', change: '~', delete: '-' }[action] ?? ' '
  output.line(`${sign} ${kind} ${key}`)
  if (action !== 'change' && !dryRun) return
  for (const { field, before, after } of fields) {
    if (before !== null && before !== undefined) output.line(`    - ${field}: ${JSON.stringify(before)}`)
    if (after !== null && after !== undefined) output.line(`    + ${field}: ${JSON.stringify(after)}`)
  }
}

type Explanation = {
  mac: string
  firmware: string
  machine: string | null
  state: string | null
  action: string
  reasons: string[]
  loader: { file: string | null; reasons: string[] }
  dhcp: {
    answer: string
    address?: string | null
    boot?: { kind: string; file?: string; url?: string } | null
    reasons: string[]
  }
  options: { name: string; value: unknown; source: string; overrides: string[] }[]
  vars: Record<string, { value: unknown; source: string }>
  exchanges: Exchange[]
}

function printExplanation(
  output: Output,
  { mac, firmware, machine, state, action, reasons, loader, dhcp, options, vars, exchanges }: Explanation
): void {
  output.line(`${machine ?? mac}${state ? ` (${state})` : ''}, as ${firmware}: ${action}`)
  for (const reason of reasons) output.line(`  - ${reason}`)
  if (loader.reasons.length > 0) output.line(`loader: ${loader.file ?? 'none'}`)
  for (const reason of loader.reasons) output.line(`  - ${reason}`)
  const next = dhcp.boot?.file ?? dhcp.boot?.url ?? 'no boot file'
  const address = dhcp.address ?? 'no address, which another server gives'
  output.line(dhcp.answer === 'offer' ? `DHCP: offers ${address}, ${next}` : 'DHCP: no answer')
  for (const reason of dhcp.reasons) output.line(`  - ${reason}`)
  if (options.length > 0) output.line('options:')
  for (const { name, value, source, overrides } of options) {
    const from = [source, ...overrides.map((each) => `not ${each}`)].join(', ')
    output.line(`  ${name}: ${value === null ? 'not sent' : JSON.stringify(value)} (${from})`)
  }
  output.line('variables:')
  for (const [name, { value, source }] of Object.entries(vars))
    output.line(`  ${name}: ${JSON.stringify(value)} (${source})`)
  output.line(exchanges.length === 0 ? 'last DHCP exchanges: none is remembered' : 'last DHCP exchanges:')
  printExchanges(output, exchanges)
}

function macOrUndefined(text: string): string | undefined {
  try {
    return parseMac(text)
  } catch {
    return undefined
  }
}
