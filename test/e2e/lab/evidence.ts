import type { Machine } from './machine.ts'
import { run } from './process.ts'
import type { Tandem } from './tandem.ts'

/** What a failed scenario leaves behind: the boot as the service, the machines and the wire saw it. */
export async function evidence(tandem: Tandem, machines: readonly Machine[], capture: string): Promise<string> {
  const sections: [string, Promise<string>, number][] = [
    ['Events', timeline(tandem), 60],
    ['Log of the daemon', tandem.log(), 60],
    ...machines.map(({ hardware, console }): [string, Promise<string>, number] => [
      `Console of ${hardware.mac} (${hardware.boot})`,
      console(),
      50
    ]),
    ['TFTP and HTTP requests', requests(capture), 60],
    ['DHCP', run(['tcpdump', '-nvr', capture, 'udp port 67 or udp port 68']), 150]
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
