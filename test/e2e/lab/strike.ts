import type { ExecutionContext } from 'ava'
import { DISK_BOOTED, driveOf, makeEmptyDisk } from './disk.ts'
import type { Boot, Machine } from './machine.ts'
import { type Instance, inStep, onPair, type PairLab } from './pair.ts'
import { at, type Point } from './points.ts'
import { importTinyOs, node, SITE } from './site.ts'
import { waitFor } from './wait.ts'

/** Killed, as a power cut would, or frozen: it neither answers nor closes what is open. */
type Fault = 'SIGKILL' | 'SIGSTOP'

/** Points at which the firmware itself is the client: where it gives up, the next power-on must get there. */
const OF_FIRMWARE: readonly Point[] = [
  'after the OFFER',
  'during TFTP of the loader',
  'after the ACK, before the script'
]

/** What the machines of the tests boot by; iPXE in the card's ROM takes no loader. */
const BOOTS: Readonly<Record<Firmware, (point?: Point) => Boot>> = {
  BIOS: (point) => (point === 'during TFTP of the loader' ? 'bios-pxe' : 'bios-ipxe'),
  UEFI: () => 'uefi-pxe'
}

export type Firmware = 'BIOS' | 'UEFI'
type Test = [title: string, implementation: (t: ExecutionContext) => Promise<void>]

/** Tests of an instance that is killed at a point. */
export const killed = (firmware: Firmware, point: Point): Test => [
  `${firmware}: the instance that answers is killed ${point}, and the machine is installed, once`,
  onPair((t, lab) => survives(t, lab, BOOTS[firmware](point), point))
]

export const frozen = (firmware: Firmware): Test => [
  `${firmware}: the instance that answers is frozen during the kernel, and the machine is installed, once`,
  onPair((t, lab) => survives(t, lab, BOOTS[firmware](), 'during the kernel', 'SIGSTOP'))
]

export const silenced = (firmware: Firmware): Test => [
  `${firmware}: only an instance that is gone heard of \`installed\`, and the installer of the other one finds it on the disk`,
  onPair((t, lab) => survivesSilence(t, lab, BOOTS[firmware]()))
]

/**
 * A machine is installed though the instance that answers it is struck, and never again: neither by the one that was left nor, once both
 * are in step again, by the one that was struck.
 */
async function survives(t: ExecutionContext, lab: PairLab, boot: Boot, point: Point, fault: Fault = 'SIGKILL') {
  const machine = await requestInstall(lab, boot)
  let struck: Instance | undefined
  await at(point, lab.network, (address) => {
    struck = [lab.a, lab.b].find((each) => each.address === address)
    struck?.signal(fault)
  })
  const started = performance.now()
  const powerOns = await reachesTheEnd(machine, OF_FIRMWARE.includes(point) ? 3 : 1)
  t.log(`installed ${((performance.now() - started) / 1000).toFixed(1)} s after the first of ${powerOns} power-ons`)
  t.regex(await machine.console(), /TINY-OS installing on \/dev\/vda/)
  if (struck === undefined) return t.fail(`nothing answered ${point}`)

  const left = struck === lab.a ? lab.b : lab.a
  await isInstalled(left)
  // UEFI takes its time.
  if (boot.startsWith('bios')) await bootsItsDisk(t, machine)
  else t.regex(await left.cli('explain', 'node-1'), /local/)
  if (fault === 'SIGSTOP') struck.signal('SIGCONT')
  else await struck.start()
  await inStep(struck, left)
  left.signal('SIGKILL')
  await isInstalled(struck)
  await bootsItsDisk(t, machine)
}

/** Only the one that is gone afterwards heard that the machine is installed: the disk knows it too. */
async function survivesSilence(t: ExecutionContext, lab: PairLab, boot: Boot) {
  const { a, b } = lab
  const machine = await requestInstall(lab, boot)
  await at('before the install file', lab.network, () => void b.cables('out'))
  await machine.powerOn()
  await isInstalled(a)
  await machine.powerOff()
  a.signal('SIGKILL')
  await b.cables('in')
  t.not((await b.machine('node-1')).state, 'installed', 'it was told nothing')

  await machine.powerOn()
  await machine.off(240)
  t.regex(await machine.console(), /TINY-OS reported installed/)
  t.notRegex(await machine.console(), /TINY-OS installing on/, 'the disk is left as it is')
  await isInstalled(b)
  await bootsItsDisk(t, machine)
}

async function requestInstall({ a, folder, machine }: PairLab, boot: Boot): Promise<Machine> {
  const hardware = node(boot, driveOf(await makeEmptyDisk(folder, 'node-1')))
  await a.apply(SITE)
  await importTinyOs(a, folder)
  const choice = ['--role', 'openstack::compute', '--image', 'tiny', '--subnet', '10.77.0.0/24']
  await a.cli('machine', 'add', 'node-1', '--mac', hardware.mac, ...choice)
  await a.cli('machine', 'install', 'node-1')
  return machine(hardware)
}

/** What firmware prints when nothing is left to boot from: it asks no more. */
const GIVEN_UP = ['No bootable device', 'UEFI Interactive Shell', 'No bootable option']

/** The installer ends by restarting, which is a power-off here. @returns how many power-ons that took. */
async function reachesTheEnd(machine: Machine, powerOns: number): Promise<number> {
  for (let count = 1; count < powerOns; count += 1) {
    await machine.powerOn()
    if ((await machine.offOr(GIVEN_UP, 300)) === 'off') return count
  }
  await machine.powerOn()
  await machine.off(300)
  return powerOns
}

async function isInstalled(instance: Instance): Promise<void> {
  await waitFor(`${instance.name} knows that it is installed`, 120, async () => {
    return (await instance.machine('node-1')).state === 'installed'
  })
}

async function bootsItsDisk(t: ExecutionContext, machine: Machine): Promise<void> {
  await machine.powerOn()
  await machine.prints(DISK_BOOTED, 180)
  t.notRegex(await machine.console(), /TINY-OS|\/linux/, 'no installer is served again')
  await machine.powerOff()
}
