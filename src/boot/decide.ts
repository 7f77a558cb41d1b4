import { generationText } from '../inventory/lifecycle.ts'
import type { Global, Image, Machine, Role, Subnet } from '../inventory/model.ts'
import type { FirmwareName } from '../net/firmware.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'

/** What a machine becomes at this power-on. */
export type Action =
  /** The installer of its image, once. */
  | 'install'
  /** Its own disk. */
  | 'local'
  /** Nothing yet: it asks again, until a person or a report changes something. */
  | 'wait'
  /** It tells what it is, then boots from its disk. */
  | 'discover'
  /** It gets no answer. */
  | 'ignore'

/** Everything that the decision depends on, and nothing else. */
export type Situation = {
  readonly mac: Mac
  readonly firmware: FirmwareName
  /** The firmware's loader is an optional one, and not there. */
  readonly loaderMissing?: boolean
  /** Those that only the other instance has. */
  readonly loadersElsewhere?: ReadonlySet<string> | undefined
  /** How often its firmware was seen to refuse iPXE. */
  readonly refusals?: number
  /** The path of a file of the signed loaders that isn't there; unknown where nothing asks for them. */
  readonly signedMissing?: string | undefined
  readonly global?: Global | undefined
  /** The subnet of the link the machine is on. */
  readonly subnet?: Subnet | undefined
  /** The first subnet of that link with a pool: itself, or another one of its shared network. */
  readonly pooled?: Subnet | undefined
  /** An address on that link, for the reasons. */
  readonly link?: Ipv4 | undefined
  readonly machine?: Machine | undefined
  readonly role?: Role | undefined
  /** The machine's image, or else its role's. */
  readonly image?: Image | undefined
  /** What the firmware loaded at this power-on; null for an iPXE that was there already, undefined where nobody has booted. */
  readonly loader?: string | null | undefined
  /** Another DHCP server gives the addresses: those of the inventory are not the machines'. */
  readonly addressElsewhere?: boolean
  /** The kernel or the initrd that the image names and the store doesn't have whole. */
  readonly missingFile?: string | undefined
  /** Why the machine's record is in doubt: a sentence. */
  readonly disputed?: string | undefined
  /** In how many earlier power-ons the present generation's installer was offered. */
  readonly offered: number
  /** In how many it may be. */
  readonly offerLimit: number
}

export type Decision = { readonly action: Action; readonly reasons: readonly string[] }

/**
 * Decides what a machine becomes, with the reasons. The one place: the DHCP answer, the iPXE
 * script, the install file and `explain` all follow from it.
 */
export function decide(situation: Situation): Decision {
  const { machine } = situation
  return machine === undefined ? decideUnknown(situation) : decideKnown(situation, machine)
}

function decideUnknown({ mac, subnet, pooled, link }: Situation): Decision {
  const unknown = `no machine is registered with ${mac}`
  if (subnet === undefined) {
    return { action: 'ignore', reasons: [unknown, `no subnet holds ${link ?? 'the address it asks from'}`] }
  }
  if (pooled === undefined) {
    return { action: 'ignore', reasons: [unknown, `subnet ${subnet.cidr} has no pool for unknown machines`] }
  }
  return {
    action: 'discover',
    reasons: [unknown, `subnet ${pooled.cidr} has a pool: it is asked what it is, then boots from its disk`]
  }
}

function decideKnown(situation: Situation, machine: Machine): Decision {
  const { life } = machine
  const doubt = situation.disputed === undefined || life.goal === 'install' ? '' : `; ${situation.disputed}`
  const who = `${situation.mac} is ${machine.name}${doubt}`
  const generation = generationText(life.generation)
  switch (life.goal) {
    case 'discover':
      return {
        action: 'discover',
        reasons: [
          `${who}, discovered but not registered`,
          'it tells what it is, then boots from its disk: register it with `tandem machine add`'
        ]
      }
    case 'retire':
      return {
        action: 'local',
        reasons: [who, `it was retired (generation ${generation}): it is never installed again`]
      }
    case 'local':
      return { action: 'local', reasons: [who, noInstall(machine)] }
    case 'install':
      return decideInstall(situation, machine, [who, `install generation ${generation} was requested`])
  }
}

function decideInstall(situation: Situation, machine: Machine, reasons: string[]): Decision {
  const { image, role, missingFile, offered, offerLimit, disputed } = situation
  const { rank } = machine.life
  if (rank === 'installed') {
    return { action: 'local', reasons: [...reasons, 'it reported installed: it boots from its disk'] }
  }
  const wait = (why: string): Decision => ({ action: 'wait', reasons: [...reasons, why] })
  if (rank === 'failed') {
    return wait(
      `the installer reported that it failed: look at \`tandem events --machine ${machine.name}\`, then request a new install`
    )
  }
  if (disputed !== undefined) return wait(disputed)
  if (image === undefined) {
    return wait(`neither the machine nor its role names an image: \`tandem machine set ${machine.name} --image IMAGE\``)
  }
  if (image.kernel === null || image.initrd === null) {
    return wait(`image ${image.name} has no files yet: \`tandem image import ${image.name} DIR\``)
  }
  if (missingFile !== undefined) {
    return wait(`${missingFile} of image ${image.name} is not in the file store: import the image again`)
  }
  if (offered >= offerLimit) {
    return wait(
      `the installer was offered in ${offered} power-ons and never reported installed: request a new install with \`tandem machine install ${machine.name}\``
    )
  }
  const source = machine.image === null ? `, of role ${role?.name}` : ''
  const again = offered > 0 ? `; offered in ${offered} earlier power-on${offered > 1 ? 's' : ''} of ${offerLimit}` : ''
  return {
    action: 'install',
    reasons: [
      ...reasons,
      `image ${image.name}${source}`,
      role ? `role ${role.name}` : 'no role',
      `not yet reported installed${again}`
    ]
  }
}

function noInstall(machine: Machine): string {
  return machine.life.generation.counter === 0
    ? `no install was requested: \`tandem machine install ${machine.name}\` does`
    : `its install was cancelled (generation ${generationText(machine.life.generation)})`
}
