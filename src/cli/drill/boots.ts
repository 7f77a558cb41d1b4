import { setTimeout as sleep } from 'node:timers/promises'
import type { Mac } from '../../net/mac.ts'
import type { Client } from '../client.ts'
import { CommandFailed } from '../errors.ts'
import { type Place, SimulatedMachine } from '../simulate/machine.ts'
import { PROFILES, type Profile } from '../simulate/profile.ts'

/** A machine is switched on again so often before its boot counts as lost. */
const POWER_ONS = 4

export type Boot = { readonly name: string; readonly mac: Mac }
export type Booted = Boot & {
  readonly powerOns: number
  readonly seconds: number
  readonly outcome: string | undefined
}

export function macOf(number: number): Mac {
  return `52:54:00:d0:${hex(number >> 8)}:${hex(number & 255)}` as Mac
}

/** Powers a machine on until it is where it should be. @returns with no outcome where it never was. */
export async function bootOnce(place: Place, profile: Profile, boot: Boot): Promise<Booted> {
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  for (let powerOns = 1; powerOns <= POWER_ONS; powerOns += 1) {
    try {
      const outcome = await new SimulatedMachine(place, profile, boot.mac, () => {}).boot()
      return { ...boot, powerOns, seconds: seconds(), outcome }
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      await sleep(200)
    }
  }
  return { ...boot, powerOns: POWER_ONS, seconds: seconds(), outcome: undefined }
}

export function profileOf(firmware: string): Profile {
  return PROFILES.find((each) => each.firmware === firmware) as Profile
}

/** Writes one value after the other to one machine, on one instance while that answers, else on the other. */
export class Writer {
  readonly #clients: readonly Client[]
  readonly machine: string
  #stopped = false
  /** The last value that was acknowledged as being on both instances. */
  replicated = 0
  acknowledged = 0
  readonly ended: Promise<void>

  /** @param clients the instance to write on first, then the other. */
  constructor(machine: string, clients: readonly Client[]) {
    this.machine = machine
    this.#clients = clients
    this.ended = this.#run()
  }

  stop(): Promise<void> {
    this.#stopped = true
    return this.ended
  }

  async #run(): Promise<void> {
    for (let value = 1; !this.#stopped; value += 1) {
      for (const client of this.#clients) {
        const answer = await client
          .json<{ replicated: boolean }>('PATCH', `/machines/${this.machine}`, { labels: { drill: String(value) } })
          .catch(() => undefined)
        if (answer === undefined) continue
        this.acknowledged = value
        if (answer.replicated) this.replicated = value
        break
      }
      await sleep(5)
    }
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
