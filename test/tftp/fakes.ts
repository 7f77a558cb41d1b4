import { NoSuchFile } from '../../src/net/confined.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import type { Clock } from '../../src/tftp/clock.ts'
import type { Options, Packet, Request } from '../../src/tftp/codec.ts'
import type { BootFiles } from '../../src/tftp/files.ts'

export const LOOPBACK = '127.0.0.1' as Ipv4

/** Bytes that tell their place: equal content at a wrong offset shows. */
export function content(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 255)
}

export function options(values: Record<string, string | number> = {}): Options {
  return new Map(Object.entries(values).map(([name, value]) => [name, String(value)]))
}

export function rrq(file: string, values: Record<string, string | number> = {}): Request {
  return { type: 'RRQ', file, mode: 'octet', options: options(values) }
}

export class MemoryFiles implements BootFiles {
  readonly #files: Readonly<Record<string, Uint8Array>>

  constructor(files: Readonly<Record<string, Uint8Array>>) {
    this.#files = files
  }

  async open(name: string) {
    const bytes = this.#files[name]
    if (bytes === undefined) throw new NoSuchFile('not found (ENOENT)')
    return { bytes }
  }
}

/** Time that passes only when the test says so. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; run: () => void }>()

  now(): number {
    return this.#now
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** How many are still to come. */
  get timers(): number {
    return this.#timers.size
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const [next] = Array.from(this.#timers).sort((a, b) => a.at - b.at)
      if (next === undefined || next.at > end) break
      this.#timers.delete(next)
      this.#now = next.at
      next.run()
    }
    this.#now = end
  }
}

export function ack(block: number): Packet {
  return { type: 'ACK', block }
}
