import type { Stage } from '../inventory/attempts.ts'
import type { Now } from '../inventory/clock.ts'
import { type EventInput, eventChange } from '../inventory/events.ts'
import { advance, type MachineState, type Rank, stateOf } from '../inventory/lifecycle.ts'
import type { Machine, Facts as MachineFacts } from '../inventory/model.ts'
import type { Change } from '../inventory/oplog.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { DISCOVERED_LIMIT, discoveredMachine, hasRoom } from './discovered.ts'
import { BootRefusal, type BootService } from './service.ts'
import type { Speakers } from './speakers.ts'

/** The rank that a reported stage raises the machine's generation to. */
const RANK_OF: Record<Stage, Rank> = {
  fetched: 'requested',
  partitioning: 'installing',
  installing: 'installing',
  installed: 'installed',
  failed: 'failed'
}

/** What machines report: the only way in which they change their own state. */
export class Callbacks {
  readonly #boot: BootService
  readonly #speakers: Speakers
  readonly #now: Now

  constructor(boot: BootService, speakers: Speakers, now: Now) {
    this.#boot = boot
    this.#speakers = speakers
    this.#now = now
  }

  /**
   * Takes a stage that an installer reports. `installed` is idempotent, and what comes after it
   * changes nothing. On disk when it resolves.
   * @throws {BootRefusal} when the token is unknown or its generation has ended.
   */
  async status(
    token: string,
    stage: Stage,
    message: string,
    from: Ipv4
  ): Promise<{ machine: string; state: MachineState; mac: Mac }> {
    const { attempt, machine } = this.#boot.redeem(token)
    const { inventory, attempts } = this.#boot.facts
    // What an attempt reports after it installed changes nothing, and tells nothing.
    const rows: Change[] = []
    if (attempt.stage !== 'installed') {
      const event: EventInput = {
        type: 'boot',
        machine: machine.name,
        mac: attempt.mac,
        address: from,
        attempt: attempt.id,
        message: `${stage}${message ? `: ${message}` : ''}`
      }
      rows.push(...attempts.reported(attempt, stage, message), eventChange(this.#now(), event))
    }
    const life = advance(machine.life, RANK_OF[stage])
    const draft = inventory.draft()
    if (life !== machine.life) draft.putReported({ ...machine, life })
    await inventory.commit(draft, `machine ${machine.name}`, rows)
    return { machine: machine.name, state: stateOf(life), mac: attempt.mac }
  }

  /**
   * Takes what a machine that nobody registered tells of itself; a registered one's facts are kept beside it.
   * @throws {BootRefusal} when the address is not the MAC's, or too many are known already.
   */
  async facts(mac: Mac, facts: MachineFacts, from: Ipv4): Promise<Machine> {
    const { inventory } = this.#boot.facts
    if (!this.#speakers.speaksFor(from, mac))
      throw new BootRefusal('no-lease', `${from} is not the address of ${mac}, as far as is known`)
    const known = inventory.machineByMac(mac)
    if (known === undefined) this.#checkRoom()
    const draft = inventory.draft()
    const machine: Machine = known
      ? { ...known, facts: { ...known.facts, ...facts } }
      : discoveredMachine(inventory, mac, facts)
    draft.putReported(machine)
    if (draft.edits().length > 0) await inventory.commit(draft, `machine ${machine.name}`)
    return machine
  }

  #checkRoom(): void {
    if (!hasRoom(this.#boot.facts.inventory)) {
      throw new BootRefusal(
        'too-many',
        `${DISCOVERED_LIMIT} discovered machines are known already: register or remove some`
      )
    }
  }
}
