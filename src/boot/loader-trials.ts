import type { Now } from '../inventory/clock.ts'
import { type EventInput, eventChange } from '../inventory/events.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Leases } from '../inventory/leases.ts'
import { mergeTrials, type Trials, UNTRIED, withIpxe, withRefusal } from '../inventory/loader-trials.ts'
import type { Machine } from '../inventory/model.ts'
import type { Change } from '../inventory/oplog.ts'
import { type FirmwareName, firmwareByName, SNPONLY } from '../net/firmware.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { WatchTransfer } from '../net/transfer-watch.ts'
import { discoveredMachine, hasRoom } from './discovered.ts'
import { REFUSALS_ENOUGH } from './loader-choice.ts'

/** What this instance saw of a client. */
type Seen = {
  readonly trials: Trials
  /** A loader that it took and that nothing is known to have come of yet, and when. */
  readonly taken?: { readonly file: string; readonly at: number }
}

/** Firmware that Secure Boot may be on in, as far as there is a signed loader for it. */
const UEFI: readonly FirmwareName[] = ['uefi-x64', 'uefi-http']
const IPXE_FILES: readonly string[] = [SNPONLY.file, ...UEFI.map((name) => firmwareByName(name).loader?.file ?? '')]

/** Clients that are remembered, the ones seen last: what strangers send can't grow the daemon. */
const MOST_CLIENTS = 10_000

/**
 * Which firmware refuses iPXE. Secure Boot tells nobody: the firmware takes the whole file and goes on to its next boot
 * device. That iPXE didn't run is known when the same firmware asks DHCP anew and no iPXE did in between, at whichever
 * instance. The refusals are in the inventory; a stranger is discovered by the second one, as it never gets as far as to tell
 * what it is.
 */
export class LoaderTrials {
  readonly #inventory: Inventory
  readonly #leases: Leases
  readonly #macAt: (address: Ipv4) => Mac | undefined
  readonly #now: Now
  readonly #seen = new Map<Mac, Seen>()

  /** @param macAt whose requests from an address are. */
  constructor(inventory: Inventory, leases: Leases, macAt: (address: Ipv4) => Mac | undefined, now: Now) {
    this.#inventory = inventory
    this.#leases = leases
    this.#macAt = macAt
    this.#now = now
  }

  /** A client took a file to its last byte. @param file the last part of its name. */
  taken(client: Ipv4, file: string): void {
    if (!IPXE_FILES.includes(file)) return
    const mac = this.#macAt(client)
    if (mac !== undefined) this.#remember(mac, { trials: this.#trialsOf(mac), taken: { file, at: this.#now() } })
  }

  /** iPXE runs on a client, as what it asks for tells. Written when its firmware asks next, if anything was refused before. */
  ran(mac: Mac): void {
    const trials = this.#trialsOf(mac)
    const stored = this.#inventory.machineByMac(mac)?.trials ?? UNTRIED
    // Every boot comes by here: where nothing was refused, nothing stays.
    if (trials.refusedAt.length + stored.refusedAt.length === 0) this.#seen.delete(mac)
    else this.#remember(mac, { trials: withIpxe(trials, this.#now()) })
  }

  /** How often a client's firmware has refused iPXE since iPXE was last seen. @param machine the one with this MAC. */
  refusals(mac: Mac, machine: Machine | undefined): number {
    const stored = machine?.trials ?? UNTRIED
    const seen = this.#seen.get(mac)
    if (seen === undefined) return stored.refusedAt.length
    const at = this.#refused(mac, seen)
    const known = mergeTrials(seen.trials, stored)
    return (at === undefined ? known : withRefusal(known, at)).refusedAt.length
  }

  /** Concludes from clients that took addresses what became of the loaders they took before. On disk when it resolves. */
  async learn(clients: readonly { readonly mac: Mac; readonly firmware: { readonly name: FirmwareName } }[]) {
    const news = new Map<string, Machine>()
    const events: Change[] = []
    for (const { mac, firmware } of clients) {
      const seen = this.#conclude(mac, firmware.name)
      const known = seen && (this.#inventory.machineByMac(mac) ?? this.#discovered(mac, seen))
      if (seen === undefined || known === undefined) continue
      // Another of its interfaces may have told of it just now.
      const machine = news.get(known.name) ?? known
      const trials = mergeTrials(machine.trials, seen.trials)
      if (isSame(trials, machine.trials)) continue
      news.set(machine.name, { ...machine, trials })
      events.push(eventChange(this.#now(), eventOf(machine, mac, trials)))
    }
    if (news.size === 0) return
    const draft = this.#inventory.draft()
    for (const machine of news.values()) draft.putReported(machine)
    await this.#inventory.commit(draft, 'dhcp', events)
  }

  #discovered(mac: Mac, { trials }: Seen): Machine | undefined {
    if (trials.refusedAt.length < REFUSALS_ENOUGH || !hasRoom(this.#inventory)) return undefined
    return discoveredMachine(this.#inventory, mac, { platform: 'efi' })
  }

  /** What is known of a client now that it has taken an address; undefined where that tells nothing. */
  #conclude(mac: Mac, firmware: FirmwareName): Seen | undefined {
    const seen = this.#seen.get(mac)
    if (firmware === 'ipxe') {
      this.ran(mac)
      return this.#seen.get(mac)
    }
    if (seen === undefined || !UEFI.includes(firmware)) return undefined
    const at = this.#refused(mac, seen)
    return this.#remember(mac, { trials: at === undefined ? seen.trials : withRefusal(seen.trials, at) })
  }

  /** When a client took a loader that it hasn't come back from as iPXE, here or at another instance. */
  #refused(mac: Mac, { taken }: Seen): number | undefined {
    if (taken === undefined) return undefined
    const came = this.#leases.latestOf(mac, ({ stage, grantedAt }) => stage === 'ipxe' && grantedAt >= taken.at)
    return came === undefined ? taken.at : undefined
  }

  #trialsOf(mac: Mac): Trials {
    return this.#seen.get(mac)?.trials ?? UNTRIED
  }

  #remember(mac: Mac, seen: Seen): Seen {
    this.#seen.delete(mac)
    this.#seen.set(mac, seen)
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > MOST_CLIENTS && oldest !== undefined) this.#seen.delete(oldest)
    return seen
  }
}

/** Has the trials told of loaders that a server's clients took whole. */
export function watchLoaders(trials: LoaderTrials): WatchTransfer {
  return ({ client, file }) => ({
    reached() {},
    ended(complete) {
      if (complete) trials.taken(client, file)
    }
  })
}

/** When iPXE was seen matters only after refusals. */
function isSame(a: Trials, b: Trials): boolean {
  return a.refusedAt.length === b.refusedAt.length && a.refusedAt.every((at, index) => at === b.refusedAt[index])
}

function eventOf({ name }: Machine, mac: Mac, { refusedAt }: Trials): EventInput {
  const { length } = refusedAt
  const message =
    length === 0
      ? 'iPXE runs on it: earlier refusals are forgotten'
      : `its firmware took all of iPXE and never came back as iPXE, ${length} of ${REFUSALS_ENOUGH} times${
          length >= REFUSALS_ENOUGH ? ": Secure Boot is on, as it seems; it gets Debian's signed GRUB" : ''
        }`
  return { type: 'boot', machine: name, mac, message }
}
