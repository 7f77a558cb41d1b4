import { act } from '../../src/inventory/actions.ts'
import type { Draft } from '../../src/inventory/draft.ts'
import { InventoryError } from '../../src/inventory/errors.ts'
import { machineFrom, roleFrom } from '../../src/inventory/normalize.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { mac } from '../support/values.ts'
import type { Installs } from './installs.ts'
import type { Node, Parts } from './node.ts'
import { type Action, CLIENTS, HOSTS } from './schedule.ts'
import type { World } from './world.ts'

/** Roles that a flood writes: some hundred ops. */
const FLOOD = 50

export type Write = Action & { kind: 'write' | 'register' | 'remove' | 'order' | 'flood' }

/** What administrators write, at either instance. */
export class Writes {
  readonly #world: World
  readonly #installs: Installs
  readonly #fail: (what: string) => void
  /** What was acknowledged as being on both. */
  readonly #replicated: { readonly key: string; readonly value: string; readonly version: string }[] = []

  constructor(world: World, installs: Installs, fail: (what: string) => void) {
    this.#world = world
    this.#installs = installs
    this.#fail = fail
  }

  make(node: Node, write: Write): void {
    node.does(async (parts) => {
      if (!parts.pair.isWhole) return
      try {
        await this.#make(node, parts, write)
      } catch (error) {
        if (!(error instanceof InventoryError)) this.#fail(String((error as Error).stack))
      }
    })
  }

  /** What was acknowledged is there, or somebody who knew of it wrote something else. */
  check(nodes: readonly Node[]): void {
    for (const { parts, name } of nodes) {
      for (const { key, version, value } of this.#replicated) {
        const present = parts.inventory.log.fields.document('role', key).note ?? []
        if (present.some((each) => each.version === version)) continue
        if (!nodes.some(({ builtOn }) => builtOn.has(version)))
          this.#fail(`${name} has lost the acknowledged write ${value} of ${key}`)
      }
    }
  }

  async #make(node: Node, parts: Parts, write: Write): Promise<void> {
    const { inventory } = parts
    const committed = write.kind === 'order' ? this.#order(parts, write) : commitOf(parts, draftOf(parts, write))
    const { seq, origin } = inventory.log
    // As it is now: what is written while the other instance hasn't answered yet is another write.
    const notes = write.kind === 'write' ? inventory.log.fields.document('role', `r${write.role}`).note : undefined
    const replicated = (await committed)?.replicated
    if (replicated === undefined) return
    this.#world.tell(`${node.name}: written, ${replicated ? 'on both' : 'here alone'}`)
    if (!replicated) return
    // Be it that this one burns down now.
    if (!node.peer.hasOps(origin, seq)) this.#fail(`${node.name} acknowledged a write that ${node.peer.name} lacks`)
    const note = notes?.find(({ version }) => version.includes(`/${origin}`))
    if (write.kind === 'write' && note) this.#replicated.push({ key: `r${write.role}`, ...note })
  }

  #order({ inventory }: Parts, { host, what, node }: Write & { kind: 'order' }) {
    const name = hostName(host)
    if (what === 'install' || what === 'cancel') return act(inventory, name, what, node)
    const isThere = inventory.get('machine', name) !== undefined
    if (isThere === (what === 'add')) return undefined
    const draft = inventory.draft()
    if (what === 'add') putHost(draft, host)
    else draft.delete('machine', name)
    this.#installs.removed(name)
    return inventory.commit(draft, node)
  }
}

export function hostName(host: number): string {
  return `h${host}`
}

export function putHost(draft: Draft, host: number): void {
  const interfaces = [{ mac: mac(CLIENTS - HOSTS + host) }]
  draft.putMachine(machineFrom({ name: hostName(host), image: 'debian', interfaces }))
}

function draftOf({ inventory }: Parts, write: Exclude<Write, { kind: 'order' }>): Draft {
  const draft = inventory.draft()
  switch (write.kind) {
    case 'write':
      draft.putRole(roleFrom({ name: `r${write.role}`, note: `${write.node} ${write.value}` }))
      break
    case 'flood':
      for (let role = 0; role < FLOOD; role += 1)
        draft.putRole(roleFrom({ name: `f${role}`, note: inventory.log.latest }))
      break
    case 'remove':
      draft.delete('machine', `m${write.machine}`)
      break
    case 'register': {
      const ipv4 = write.address === undefined ? {} : { ipv4: `10.77.0.${100 + write.address}` as Ipv4 }
      const interfaces = [{ mac: mac(write.mac), ...ipv4 }]
      draft.putMachine(machineFrom({ name: `m${write.machine}`, interfaces }))
    }
  }
  return draft
}

function commitOf({ inventory }: Parts, draft: Draft): Promise<{ replicated: boolean }> | undefined {
  return draft.edits().length === 0 ? undefined : inventory.commit(draft, 'administrator')
}
