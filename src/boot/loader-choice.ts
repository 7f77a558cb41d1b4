import { firmwareByName, SHIM, SNPONLY } from '../net/firmware.ts'
import type { Action, Situation } from './decide.ts'

/** What a firmware is sent to load; no file where there is none for it. */
export type LoaderChoice = { readonly file?: string; readonly reasons: readonly string[] }

/** After the first it may have been a power cut. */
export const REFUSALS_ENOUGH = 2

/** PCI vendor 1af4 in iPXE's `busid`. */
const VIRTIO = '01:1a:f4:'

/** Chooses the loader for a situation's firmware, with the reasons where it is not plainly the firmware's own. */
export function chooseLoader(situation: Situation, action: Action): LoaderChoice {
  const { loader } = firmwareByName(situation.firmware)
  if (loader === undefined) {
    const isAsking = situation.firmware === 'unsupported'
    return { reasons: isAsking ? ['no boot file: there is no loader for its architecture'] : [] }
  }
  if (situation.loaderMissing) {
    return { reasons: [`no boot file: ${loader.file} is not in the loaders' folder`] }
  }
  const file = comesBack(situation, action) ? SNPONLY.file : loader.file
  const preference = situation.machine?.loader ?? 'auto'
  const refusals = situation.refusals ?? 0
  if (preference === 'ipxe' || (preference === 'auto' && refusals === 0)) return { file, reasons: [] }
  const why = preference === 'grub' ? ['its loader is set to grub'] : whyRefused(situation)
  if (preference === 'auto' && refusals < REFUSALS_ENOUGH) return { file, reasons: why }
  const hindrance = hindranceOf(situation)
  if (hindrance !== undefined) return { file, reasons: [...why, `it gets iPXE all the same: ${hindrance}`] }
  if (situation.signedMissing === undefined) {
    return { file: SHIM.file, reasons: [...why, "it gets Debian's signed GRUB", ...undo(situation)] }
  }
  const missing = `Debian's signed GRUB needs ${situation.signedMissing}, which Debian's package ${SHIM.package} has`
  if (preference === 'auto') return { file, reasons: [...why, `it gets iPXE all the same: ${missing}`] }
  return { reasons: [...why, `no boot file: ${missing}`] }
}

/** Whether iPXE has to come back from a virtio card to UEFI. */
function comesBack({ firmware, machine }: Situation, action: Action): boolean {
  const isX64 = firmware === 'uefi-x64' || firmware === 'uefi-http'
  return isX64 && action !== 'install' && machine?.facts.busid?.startsWith(VIRTIO) === true
}

function whyRefused({ refusals = 0 }: Situation): string[] {
  const often = refusals === 1 ? 'once' : refusals === 2 ? 'twice' : `${refusals} times`
  const seen = `its firmware took all of iPXE ${often} and never came back as iPXE`
  return refusals < REFUSALS_ENOUGH
    ? [`${seen}: after the second time it gets Debian's signed GRUB`]
    : [`${seen}: Secure Boot is on, as it seems`]
}

function undo({ machine }: Situation): string[] {
  return machine?.loader === 'auto' ? [`\`tandem machine set ${machine.name} --loader ipxe\` undoes it`] : []
}

/** Why a client can't be sent the signed GRUB. */
function hindranceOf({ firmware, addressElsewhere }: Situation): string | undefined {
  switch (firmware) {
    case 'uefi-x64':
      return addressElsewhere ? 'GRUB asks the server that gave it its address for everything' : undefined
    case 'uefi-http':
      return "after UEFI HTTP Boot Debian's signed GRUB has no network; let its firmware boot by PXE"
    case 'bios':
      return 'a BIOS has no Secure Boot'
    default:
      return "Debian's signed GRUB is served for x64 alone"
  }
}
