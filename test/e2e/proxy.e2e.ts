import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { addressServer, startAddressServer } from './lab/address-server.ts'
import { driveOf, makeEmptyDisk } from './lab/disk.ts'
import { inLab, type Lab } from './lab/lab.ts'
import type { Boot, Machine } from './lab/machine.ts'
import { importTinyOs, NODE, SITE } from './lab/site.ts'
import { startTandem } from './lab/tandem.ts'
import { waitFor } from './lab/wait.ts'
import { messages, option } from './lab/wire.ts'

const TANDEM = '10.77.0.1'
const LEASE_TIME = 51

type PlainBoot = Exclude<Boot, 'uefi-secure'>

/** What each firmware asks by DHCP until iPXE does, and what it is answered. */
const FIRMWARE: Record<PlainBoot, readonly RegExp[]> = {
  'bios-ipxe': [],
  'bios-pxe': [/^DISCOVER from bios .* -> OFFER without an address, undionly\.kpxe from 10\.77\.0\.1$/, takes('bios')],
  'uefi-pxe': [
    /^DISCOVER from uefi-x64 .* -> OFFER without an address, boot server 10\.77\.0\.1$/,
    takes('uefi-x64'),
    /^boot server request from uefi-x64 .* -> ACK, ipxe\.efi from 10\.77\.0\.1$/
  ],
  'uefi-http': [
    /^DISCOVER from uefi-http .* -> OFFER without an address, http:\/\/10\.77\.0\.1\/boot\/loaders\/ipxe\.efi$/,
    takes('uefi-http')
  ]
}
/** And by iPXE and the installer. */
const AFTERWARDS = [
  /^DISCOVER from ipxe .* -> OFFER without an address, http:\/\/10\.77\.0\.1\/boot\/\S+\/ipxe$/,
  takes('ipxe'),
  takes('os')
]

function takes(firmware: string): RegExp {
  return new RegExp(
    `^REQUEST 10\\.77\\.0\\.1\\d\\d \\(selecting\\) from ${firmware} ?.* -> nothing: 10\\.77\\.0\\.2 gives`
  )
}

for (const boots of [
  ['bios-ipxe', 'uefi-pxe'],
  ['bios-pxe', 'uefi-http']
] as const) {
  test.serial(
    `beside dnsmasq, which gives the addresses, machines with ${boots.join(' and ')} are installed`,
    inLab(async (t, lab) => {
      await startAddressServer(lab)
      await lab.tandem.apply(SITE)
      await importTinyOs(lab.tandem, lab.folder)
      const [first] = await Promise.all(boots.map((boot, index) => installs(t, lab, boot, index)))
      if (first?.hardware.boot === 'bios-ipxe') await waitsAfterTwoPowerOns(lab, first)

      t.deepEqual(await lab.tandem.leases('--all'), [])
      const answers = (await messages(lab.network.capture)).filter(({ source }) => source === TANDEM)
      t.true(answers.length > 0)
      for (const answer of answers) t.like(answer, { yiaddr: '0.0.0.0' })
      t.true(answers.every((answer) => option(answer, LEASE_TIME) === undefined))
    }, 'proxy')
  )
}

async function installs(
  t: ExecutionContext,
  { tandem, folder, machine }: Lab,
  boot: PlainBoot,
  index: number
): Promise<Machine> {
  const identity = {
    mac: `52:54:00:00:00:0${index}`,
    uuid: NODE.uuid.replace(/.$/, String(index)),
    serial: `SN-${index}`
  }
  const disk = driveOf(await makeEmptyDisk(folder, boot))
  const choice = ['--role', 'openstack::compute', '--image', 'tiny', '--subnet', '10.77.0.0/24']
  await tandem.cli('machine', 'add', boot, '--mac', identity.mac, ...choice)
  await tandem.cli('machine', 'install', boot)
  const plugged = await machine({ ...identity, boot, disk })
  await plugged.powerOn()
  await plugged.off(240)
  t.is((await tandem.machine(boot)).state, 'installed')
  t.regex(await plugged.console(), /TINY-OS role: openstack::compute/, 'the role is in the install file')

  const events = (await tandem.events()).filter(({ mac, type }) => mac === identity.mac && type === 'dhcp')
  // Whatever is asked again counts once.
  const asked = events.map(({ message }) => message).filter((message, at, all) => message !== all[at - 1])
  const expected = [...FIRMWARE[boot], ...AFTERWARDS]
  t.is(asked.length, expected.length, asked.join('\n'))
  for (const [at, pattern] of expected.entries()) t.regex(asked[at] ?? '', pattern)
  return plugged
}

/** Without leases of Tandem's own power-ons are told apart by what the machine asks the other server. */
async function waitsAfterTwoPowerOns({ tandem }: Lab, machine: Machine): Promise<void> {
  const { boot } = machine.hardware
  await tandem.cli('machine', 'install', boot)
  for (const sign of ['attempt 1 of 2', 'attempt 2 of 2', 'iPXE script -> wait']) {
    await machine.powerOn()
    const since = Date.now()
    await waitFor(sign, 60, async () => {
      const events = (await tandem.events()).filter(
        ({ time, machine }) => machine === boot && Date.parse(time) >= since
      )
      return events.some(({ message }) => message.includes(sign))
    })
  }
  await machine.powerOff()
}

test(
  'on a host where another DHCP server runs it does not start, nor does another one where it runs',
  inLab(async (t, lab) => {
    const elsewhere = await lab.segment('br9', '10.99.0.1/24', 'fd99::1/64')
    const folder = join(lab.folder, 'elsewhere')
    await mkdir(folder)
    await elsewhere.start(addressServer('br9', '10.99.0'), join(folder, 'dnsmasq.log'))
    await waitFor('dnsmasq listens', 30, async () => (await elsewhere.run(['ss', '-lun'])).includes(':67 '))
    const error = await t.throwsAsync(startTandem({ networks: [elsewhere], mode: 'proxy' }, folder))
    t.regex(error?.message ?? '', /\(exit 1\)/)
    t.regex(error?.message ?? '', /^tandem: UDP port 67 of .* is held by another program: .* reaches only one$/m)

    const late = await lab.network.start(addressServer('br0', '10.77.0'), join(folder, 'late.log'))
    await waitFor('dnsmasq gives up', 30, async () => late.exitCode() !== undefined)
    t.is(late.exitCode(), 2)
  }, 'proxy')
)
