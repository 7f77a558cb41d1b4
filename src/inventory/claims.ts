import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../net/ipv4.ts'
import { type Mac, macFromNumber, macToNumber } from '../net/mac.ts'
import type { Machine } from './model.ts'
import { NumberMap } from './number-map.ts'

/** A MAC or an address that two machines have: they were registered on both sides while the instances were apart. */
export type Contest = { readonly what: 'mac' | 'ipv4'; readonly value: string; readonly machines: readonly string[] }

/** Which machine a MAC and a fixed address belong to. */
export class Claims {
  readonly #macs = new Index()
  readonly #addresses = new Index()

  add(machine: Machine): void {
    for (const { mac, ipv4 } of machine.interfaces) {
      this.#macs.add(macToNumber(mac), machine)
      if (ipv4 !== null) this.#addresses.add(ipv4ToNumber(ipv4), machine)
    }
  }

  /** @param machine as it was added. */
  remove(machine: Machine): void {
    for (const { mac, ipv4 } of machine.interfaces) {
      this.#macs.remove(macToNumber(mac), machine.name)
      if (ipv4 !== null) this.#addresses.remove(ipv4ToNumber(ipv4), machine.name)
    }
  }

  /** Of several the first by name, which is the same on both instances. */
  byMac(mac: Mac): Machine | undefined {
    return this.#macs.get(macToNumber(mac))
  }

  byAddress(address: Ipv4): Machine | undefined {
    return this.#addresses.get(ipv4ToNumber(address))
  }

  isContestedMac(mac: Mac): boolean {
    return this.#macs.contested.has(macToNumber(mac))
  }

  isContestedAddress(address: Ipv4): boolean {
    return this.#addresses.contested.has(ipv4ToNumber(address))
  }

  contests(): Contest[] {
    const macs = [...this.#macs.contested].map(([number, machines]) => contest('mac', macFromNumber(number), machines))
    const addresses = [...this.#addresses.contested].map(([number, machines]) =>
      contest('ipv4', ipv4FromNumber(number), machines)
    )
    return [...macs, ...addresses]
  }

  contestsOf(machine: Machine): Contest[] {
    if (this.#macs.contested.size + this.#addresses.contested.size === 0) return []
    return this.contests().filter(({ machines }) => machines.includes(machine.name))
  }
}

function contest(what: Contest['what'], value: string, machines: readonly Machine[]): Contest {
  return { what, value, machines: machines.map(({ name }) => name) }
}

class Index {
  readonly #first = new NumberMap<Machine>()
  /** All claims of what has several, in the order of the names. */
  readonly contested = new Map<number, readonly Machine[]>()

  get(number: number): Machine | undefined {
    return this.#first.get(number)
  }

  add(number: number, machine: Machine): void {
    this.#set(number, [...this.#others(number, machine.name), machine])
  }

  remove(number: number, name: string): void {
    this.#set(number, this.#others(number, name))
  }

  #others(number: number, name: string): readonly Machine[] {
    const first = this.#first.get(number)
    const claims = this.contested.get(number) ?? (first ? [first] : [])
    return claims.filter((each) => each.name !== name)
  }

  #set(number: number, claims: readonly Machine[]): void {
    const [first] = claims
    if (claims.length > 1) {
      const sorted = claims.toSorted((a, b) => (a.name < b.name ? -1 : 1))
      this.contested.set(number, sorted)
      this.#first.set(number, sorted[0] as Machine)
      return
    }
    this.contested.delete(number)
    if (first) this.#first.set(number, first)
    else this.#first.delete(number)
  }
}
