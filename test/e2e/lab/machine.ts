import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Network } from './network.ts'
import { disguiseAsPlainPxe } from './plain-pxe.ts'
import type { Running } from './process.ts'
import { waitFor } from './wait.ts'

/**
 * How a machine's firmware boots from the network. All are real firmware, emulated by QEMU, never under KVM: SeaBIOS with
 * QEMU's iPXE as the card's ROM (`bios-pxe`: disguised as a vendor's plain PXE), and UEFI's own PXE and HTTP Boot (OVMF).
 * `uefi-secure` is PXE with Secure Boot on, and Microsoft's keys enrolled.
 */
export type Boot = 'bios-ipxe' | 'bios-pxe' | 'uefi-pxe' | 'uefi-http' | 'uefi-secure'

export type Hardware = {
  boot: Boot
  mac: string
  uuid: string
  serial: string
  /** QEMU's drive options of its disk, such as `file=disk.img,format=raw`; without, it has none. */
  disk?: string
  /** MiB; default 512. */
  memory?: number
}

/** A machine that can be powered on and off as often as a test likes; what its firmware remembers stays. */
export type Machine = {
  readonly hardware: Hardware
  powerOn(): Promise<void>
  /** Cuts the power. */
  powerOff(): Promise<void>
  /** Waits until it has powered itself off, or restarted, which its power supply takes for the same. */
  off(seconds: number): Promise<void>
  /** What it printed on its serial port since it was last powered on. */
  console(): Promise<string>
  /** Waits until it is off, or has printed one of these since it was last powered on. @returns which. */
  offOr(texts: readonly string[], seconds: number): Promise<string>
  /** Waits until it has printed a text since it was last powered on. */
  prints(text: string, seconds: number): Promise<void>
}

/** OVMF's code, and the variables that it starts with. */
const OVMF = { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' }
const SECURE_OVMF = {
  code: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd',
  variables: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'
}

/** Plugs a machine into a network; the network boots first, then the disk. `folder` takes its console and variables. */
export async function makeMachine(network: Network, hardware: Hardware, folder: string): Promise<Machine> {
  const name = hardware.mac.replaceAll(':', '')
  const port = await network.tap()
  const variables = join(folder, `${name}.vars`)
  if (isUefi(hardware.boot)) await copyFile(ovmfOf(hardware.boot).variables, variables)
  let starts = 0
  let running: Running | undefined

  const serial = () => join(folder, `${name}.${starts}.console`)
  const machine: Machine = {
    hardware,
    async powerOn() {
      await machine.powerOff()
      starts++
      if (hardware.boot === 'bios-pxe') await disguiseAsPlainPxe(network, port)
      const argv = qemu(hardware, port, serial(), variables)
      running = await network.start(argv, join(folder, `${name}.qemu.log`))
    },
    async powerOff() {
      await running?.kill()
      running = undefined
    },
    async off(seconds) {
      await waitFor(`${name} powers off`, seconds, async () => running?.exitCode() !== undefined)
    },
    console: async () => stripVTControlCharacters(await readFile(serial(), 'utf8').catch(() => '')),
    offOr: (texts, seconds) =>
      waitFor(`${name} powers off or prints ${texts.join(' or ')}`, seconds, async () => {
        const off = running?.exitCode() !== undefined
        const console = await machine.console()
        return texts.find((text) => console.includes(text)) ?? (off && 'off')
      }),
    async prints(text, seconds) {
      const outcome = await machine.offOr([text], seconds)
      if (outcome !== text) throw new Error(`${name} is off and has not printed "${text}"`)
    }
  }
  return machine
}

function qemu(hardware: Hardware, port: string, serial: string, variables: string): string[] {
  const { boot, mac, uuid, disk } = hardware
  const card = `virtio-net-pci,netdev=n0,mac=${mac},bootindex=1`
  return [
    ...['qemu-system-x86_64', '-machine', `q35,accel=tcg,graphics=off${boot === 'uefi-secure' ? ',smm=on' : ''}`],
    ...['-cpu', 'max', '-smp', '1'],
    // Only code in system management mode may write the variables, or there is no Secure Boot; S3 is in its way.
    ...(boot === 'uefi-secure' ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
    ...(boot === 'uefi-secure' ? ['-global', 'ICH9-LPC.disable_s3=1'] : []),
    ...['-m', String(hardware.memory ?? 512), '-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-serial', `file:${serial}`],
    ...['-netdev', `tap,id=n0,ifname=${port},script=no,downscript=no`],
    // An empty ROM leaves UEFI's own network stack in charge; QEMU's would be iPXE already.
    ...['-device', isUefi(boot) ? `${card},romfile=` : card],
    ...['-smbios', `type=1,serial=${hardware.serial},uuid=${uuid}`],
    ...(isUefi(boot) ? ['-drive', `if=pflash,format=raw,readonly=on,file=${ovmfOf(boot).code}`] : []),
    ...(isUefi(boot) ? ['-drive', `if=pflash,format=raw,file=${variables}`] : []),
    // PXE over IPv6 would only take time; without PXE over IPv4 it is HTTP Boot that comes first.
    ...['-fw_cfg', 'opt/org.tianocore/IPv6PXESupport,string=n'],
    ...(boot === 'uefi-http' ? ['-fw_cfg', 'opt/org.tianocore/IPv4PXESupport,string=n'] : []),
    ...(disk === undefined ? [] : ['-drive', `if=none,id=d0,${disk}`, '-device', 'virtio-blk-pci,drive=d0,bootindex=2'])
  ]
}

function ovmfOf(boot: Boot) {
  return boot === 'uefi-secure' ? SECURE_OVMF : OVMF
}

function isUefi(boot: Boot): boolean {
  return boot.startsWith('uefi')
}
