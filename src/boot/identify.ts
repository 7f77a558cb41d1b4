import { type Attempts, isSameBoot } from '../inventory/attempts.ts'
import { disputeOf } from '../inventory/conflicts.ts'
import type { FileStore } from '../inventory/files.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Leases } from '../inventory/leases.ts'
import { GLOBAL, type Image, type ImageFile, type Machine } from '../inventory/model.ts'
import { type FirmwareName, firmwareByName } from '../net/firmware.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Situation } from './decide.ts'
import type { LoaderTrials } from './loader-trials.ts'
import type { Sightings } from './sightings.ts'

/** What a decision follows from: the replicated facts, and the limit it keeps. */
export type DecisionFacts = {
  readonly inventory: Inventory
  readonly leases: Leases
  /** Where clients are to whom another DHCP server gives addresses; where Tandem gives them, there is none. */
  readonly sightings?: Sightings | undefined
  readonly attempts: Attempts
  readonly files: Pick<FileStore, 'size'> & Partial<Pick<FileStore, 'sizeAtPeer'>>
  /** Whether the loaders' folder has a file. */
  readonly hasLoader: (file: string) => boolean
  /** Loaders that only the other instance has. */
  readonly loadersElsewhere?: () => ReadonlySet<string>
  /** The path of a file of the signed loaders that isn't there. */
  readonly missingSigned: () => string | undefined
  /** Which firmware refuses iPXE; where nothing boots, there is none. */
  readonly trials?: LoaderTrials | undefined
  /** In how many power-ons a generation's installer is offered. */
  readonly offerLimit: number
}

/** The same with the files themselves. */
export type Facts = DecisionFacts & { readonly files: FileStore }

/** What the inventory and the leases have of a client, without what its power-ons add. */
export type Standing = {
  readonly global: Situation['global']
  readonly link: Ipv4 | undefined
  readonly subnet: Situation['subnet']
  readonly machine: Machine | undefined
  readonly role: Situation['role']
  readonly image: Image | undefined
  readonly loader: Situation['loader']
}

/** @param link as for {@link identify}. */
export function standingOf(facts: DecisionFacts, mac: Mac, link?: Ipv4): Standing {
  const { inventory, leases, sightings } = facts
  const present = sightings ? sightings.of(mac) : leases.activeOfMac(mac)
  const machine = inventory.machineByMac(mac)
  const own = machine?.interfaces.find((each) => each.mac === mac)
  const at = link ?? present?.address ?? own?.ipv4 ?? undefined
  const role = machine?.role ? inventory.get('role', machine.role) : undefined
  const imageName = machine?.image ?? role?.image
  return {
    global: inventory.get('global', GLOBAL),
    link: at,
    subnet: at && inventory.subnetOf(at),
    machine,
    role,
    image: imageName ? inventory.get('image', imageName) : undefined,
    loader: present?.loader
  }
}

/**
 * Gathers what is known of the client with this MAC.
 * @param link an address on its link; left out, the one it has or is registered with.
 */
export function identify(facts: DecisionFacts, mac: Mac, firmware: FirmwareName, link?: Ipv4): Situation {
  const { inventory, sightings, files, offerLimit } = facts
  const standing = standingOf(facts, mac, link)
  const { machine, image, subnet } = standing
  const installing = machine?.life.goal === 'install' && machine.life.rank !== 'installed'
  const { loader } = firmwareByName(firmware)
  const refusals = facts.trials?.refusals(mac, machine) ?? 0
  const loadersElsewhere = facts.loadersElsewhere?.()
  return {
    mac,
    firmware,
    ...standing,
    loaderMissing: loader?.optional === true && !facts.hasLoader(loader.file) && !loadersElsewhere?.has(loader.file),
    loadersElsewhere,
    refusals,
    signedMissing: refusals > 0 || machine?.loader === 'grub' ? facts.missingSigned() : undefined,
    pooled: subnet && inventory.subnetsOfLink(subnet).find(({ pools }) => pools.length > 0),
    addressElsewhere: sightings !== undefined,
    missingFile: installing && image ? missingFile(files, image) : undefined,
    offered: installing ? offeredEarlier(facts, machine, mac) : 0,
    offerLimit,
    disputed: machine && disputeOf(inventory, machine)
  }
}

/** Tells a client's handshakes apart, with whichever server they were; empty where none is known. */
export function handshakeOf({ leases, sightings }: DecisionFacts, mac: Mac): string {
  return sightings ? (sightings.of(mac)?.handshake ?? '') : leases.handshakeOf(mac)
}

/** In how many power-ons the generation was offered; the one that is going on now doesn't count. */
function offeredEarlier(facts: DecisionFacts, machine: Machine, mac: Mac): number {
  const boot = { mac, lease: handshakeOf(facts, mac) }
  return facts.attempts.ofGeneration(machine).filter((attempt) => !isSameBoot(attempt, boot)).length
}

function missingFile(files: DecisionFacts['files'], { kernel, initrd }: Image): string | undefined {
  // A file that is still on its way here is served by the instance that has it.
  const isThere = ({ sha256, size }: ImageFile) => (files.size(sha256) ?? files.sizeAtPeer?.(sha256)) === size
  return [kernel, initrd].find((file) => file !== null && !isThere(file))?.name
}
