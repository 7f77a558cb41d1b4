import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Host } from './host.ts'
import type { Machine } from './machine.ts'
import { run } from './process.ts'
import type { Tandem } from './tandem.ts'

type Section = [title: string, text: Promise<string>, lines: number]

/** What a failed scenario leaves behind: the boot as the service, the machines and the wire saw it. */
export async function evidence(
  daemons: Readonly<Record<string, Tandem>>,
  machines: readonly Machine[],
  hosts: readonly Host[],
  folder: string
): Promise<string> {
  const captures = (await readdir(folder)).filter((name) => name.endsWith('.pcap')).map((name) => join(folder, name))
  const sections: Section[] = [
    ...Object.entries(daemons).flatMap(([name, tandem]): Section[] => [
      [`Events of ${name}`, timeline(tandem), 60],
      [`Log of ${name}`, tandem.log(), 60]
    ]),
    ...machines.map(
      ({ hardware, console }): Section => [`Console of ${hardware.mac} (${hardware.boot})`, console(), 50]
    ),
    ...hosts.map(({ mac, log }): Section => [`Log of ${mac}`, log(), 60]),
    ...captures.flatMap((capture): Section[] => [
      [`TFTP and HTTP requests in ${basename(capture)}`, requests(capture), 60],
      [`DHCP and ARP in ${basename(capture)}`, run(['tcpdump', '-nvvr', capture, 'port 67 or port 68 or arp']), 300]
    ])
  ]
  const texts = sections.map(async ([title, text, lines]) => {
    const whole = await text.catch((error: Error) => `not to be had: ${error.message}`)
    return `--- ${title}\n${lastLines(whole, lines)}`
  })
  return (await Promise.all(texts)).join('\n')
}

async function timeline(tandem: Tandem): Promise<string> {
  const lines = (await tandem.events()).map(({ time, type, machine, mac, message }) =>
    [time, type, machine ?? mac ?? '', message].join('  ')
  )
  return lines.join('\n')
}

/** One line a packet that starts a request or an answer. */
async function requests(capture: string): Promise<string> {
  const packets = await run(['tcpdump', '-nr', capture, 'udp port 69 or tcp port 80'])
  return packets
    .split('\n')
    .filter((line) => /TFTP|HTTP: /.test(line))
    .join('\n')
}

function lastLines(text: string, count: number): string {
  const lines = text.trimEnd().split('\n')
  const left = lines.length - count
  return left > 0 ? [`(${left} earlier lines left out)`, ...lines.slice(-count)].join('\n') : lines.join('\n')
}
