import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Context, clientOf, macOf } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'
import type { Output } from './output.ts'

/** What `explain` is told of an exchange; without `packets` unless asked for. */
export type Exchange = { time: string; asked: string; answered: string; reasons: string[]; packets?: string[] }

/** Bytes of a capture file that holds no packet. */
const EMPTY = 24

export function captureCommand(program: Command, context: Context): void {
  program
    .command('capture')
    .description('save the latest DHCP packets as a file for Wireshark or tcpdump')
    .option('--mac <mac>', 'only those from and to this client')
    .option('--output <file>', 'default: a name that tells MAC and time; - for standard output')
    .addHelpText('after', '\nWhere DHCP has another port than 67: tshark -d udp.port==6767,dhcp -r FILE')
    .action(async ({ mac: text, output }: { mac?: string; output?: string }, command: Command) => {
      const mac = text === undefined ? undefined : macOf(text)
      if (output === '-' && context.binary.isTerminal) {
        throw new UsageError('a capture is not for a terminal: name a file, or pipe it, as into `tcpdump -r -`')
      }
      const pcap = await clientOf(command, context).bytes(`/capture${mac ? `?mac=${mac}` : ''}`)
      if (pcap.length <= EMPTY) throw new CommandFailed(`no packet ${mac ? `of ${mac} ` : ''}is remembered`)
      if (output === '-') return context.binary.write(pcap)
      const file = output ?? nameOf(mac)
      write(file, pcap)
      context.output.line(`${file}: ${pcap.length} bytes`)
    })
}

/** A line for each exchange with its reasons below it, and its packets where they are there. */
export function printExchanges(output: Output, exchanges: readonly Exchange[]): void {
  for (const { time, asked, answered, reasons, packets = [] } of exchanges) {
    output.line(`  ${time} ${asked} -> ${answered}`)
    for (const reason of reasons) output.line(`    - ${reason}`)
    for (const line of packets.flatMap((packet) => packet.split('\n'))) output.line(`    ${line}`)
  }
}

function nameOf(mac: string | undefined): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  return `${['tandem', ...(mac ? [mac.replaceAll(':', '-')] : []), time].join('-')}.pcap`
}

function write(file: string, pcap: Buffer): void {
  try {
    writeFileSync(file, pcap)
  } catch (error) {
    throw new CommandFailed(`${file} can't be written (${(error as NodeJS.ErrnoException).code})`)
  }
}
