import { isDeepStrictEqual } from 'node:util'
import { BootRefusal, type Script } from '../../src/boot/service.ts'
import type { Stage } from '../../src/inventory/attempts.ts'
import { type Life, mergeLife } from '../../src/inventory/lifecycle.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import type { Mac } from '../../src/net/mac.ts'
import { told } from '../support/boot.ts'
import { type Node, OFFER_LIMIT, type Parts } from './node.ts'

/** A script with an installer that left an instance. */
type Offer = { readonly attempt: string; readonly node: Node; readonly disk: number; readonly onBoth: boolean }

/** Watches what the instances promise of installs, and what becomes of the disks. */
export class Installs {
  readonly #fail: (what: string) => void
  /** By generation. */
  readonly #offers = new Map<string, Offer[]>()
  readonly #tokens = new Set<string>()
  readonly #installed = new Set<string>()
  /** What was acknowledged as being on both. */
  readonly #reported: { readonly machine: string; readonly life: Life }[] = []
  readonly #removed = new Set<string>()

  constructor(fail: (what: string) => void) {
    this.#fail = fail
  }

  /** Asks an instance for a machine's script. A token is on both disks before the script that names it leaves. */
  async script(node: Node, parts: Parts, mac: Mac, from: Ipv4): Promise<Script> {
    const { inventory, pair, boot } = parts
    const generation = () => inventory.machineByMac(mac)?.life.generation
    const before = [...(this.#offers.get(JSON.stringify(generation())) ?? [])]
    const key = JSON.stringify(generation())
    const wasInStep = pair.state.name === 'NORMAL'
    const pending = boot.script(mac, from, node.address)
    const { seq } = inventory.log
    const script = await pending
    if (script.attempt === null) return script
    const { id } = script.attempt
    for (const { preseed } of told(script.text).urls) this.#tokens.add((preseed as string).split('/')[5] as string)
    if (wasInStep && pair.state.name === 'NORMAL' && !node.peer.hasOps(inventory.origin, seq))
      this.#fail(`${node.name} hands out a script whose token ${node.peer.name} doesn't have`)
    const known = before.filter((each) => each.onBoth || (each.node === node && each.disk === node.disk))
    const earlier = new Set(known.map(({ attempt }) => attempt).filter((attempt) => attempt !== id))
    if (earlier.size >= OFFER_LIMIT) this.#fail(`${node.name} offers generation ${key} once more`)
    const onBoth = (inventory.log.peer.acknowledged ?? 0) >= seq
    this.#offers.set(key, [...(this.#offers.get(key) ?? []), { attempt: id, node, disk: node.disk, onBoth }])
    return script
  }

  /** Reports a stage to an instance. */
  async report(node: Node, { callbacks, boot, inventory }: Parts, token: string, stage: Stage, from: Ipv4) {
    const { name } = boot.redeem(token).machine
    const pending = callbacks.status(token, stage, '', from)
    const { seq, origin, peer } = inventory.log
    const life = inventory.get('machine', name)?.life
    const answer = await pending
    if (stage !== 'installed' || life === undefined || (peer.acknowledged ?? 0) < seq) return answer
    if (!node.peer.hasOps(origin, seq)) this.#fail(`${node.name} acknowledged a report that ${node.peer.name} lacks`)
    this.#reported.push({ machine: name, life })
    return answer
  }

  wiped(disk: string, marker: string): void {
    if (this.#installed.has(`${disk} ${marker}`)) this.#fail(`${disk} is wiped again for ${marker}`)
  }

  installed(disk: string, marker: string): void {
    this.#installed.add(`${disk} ${marker}`)
  }

  /** Its generations count anew. */
  removed(machine: string): void {
    this.#removed.add(machine)
  }

  broken(error: Error): undefined {
    this.#fail(String(error.stack))
  }

  /** After healing: nothing that was acknowledged is lost, and a token is as good at one as at the other. */
  check(nodes: readonly Node[]): void {
    for (const { parts, name } of nodes) {
      for (const { machine, life } of this.#reported) {
        const present = parts.inventory.get('machine', machine)?.life
        if (this.#removed.has(machine)) continue
        if (present === undefined || !isDeepStrictEqual(mergeLife(present, life), present))
          this.#fail(`${name} doesn't know that ${machine} reported ${JSON.stringify(life)}`)
      }
    }
    for (const token of this.#tokens) {
      const [one, other] = nodes.map((node) => outcomeOf(node, token))
      if (one !== other) this.#fail(`a token is ${one} at one and ${other} at the other`)
    }
  }
}

function outcomeOf({ parts }: Node, token: string): string {
  try {
    return `good for ${parts.boot.redeem(token).attempt.id}`
  } catch (error) {
    if (error instanceof BootRefusal) return error.code
    throw error
  }
}
