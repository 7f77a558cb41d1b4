import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { PROFILES } from '../../src/cli/simulate/profile.ts'
import { commandsOf, tandem } from '../cli/command.ts'
import { eventually } from './eventually.ts'
import { MAC, type Running, startSite, startTandem } from './running.ts'

const simulate = ({ config }: Running, ...args: string[]) => tandem(['--state', config.state, 'simulate', ...args])
const withoutTimes = (out: string) => out.split('\n').map((line) => line.replace(/^ *\d+\.\d{3} s {2}/, ''))

/** What each firmware does until it runs iPXE. */
const UNTIL_IPXE: Record<string, (url: string) => string[]> = {
  bios: () => [
    'dhcp  DISCOVER (bios) -> OFFER 10.77.0.2, undionly.kpxe',
    'dhcp  REQUEST 10.77.0.2 -> ACK for 43200 s, host name web1',
    'tftp  RRQ undionly.kpxe tsize=0 -> size 17',
    'tftp  RRQ undionly.kpxe blksize=1456 -> 17 bytes'
  ],
  'uefi-x64': () => [
    'dhcp  DISCOVER (uefi-x64) -> OFFER 10.77.0.2, ipxe.efi',
    'dhcp  REQUEST 10.77.0.2 -> ACK for 43200 s, host name web1',
    'tftp  RRQ ipxe.efi tsize=0 blksize=1468 windowsize=4 -> size 24',
    'tftp  RRQ ipxe.efi blksize=1468 windowsize=4 -> 24 bytes'
  ],
  'uefi-arm64': () => [
    'dhcp  DISCOVER (uefi-arm64) -> OFFER 10.77.0.2, ipxe-arm64.efi',
    'dhcp  REQUEST 10.77.0.2 -> ACK for 43200 s, host name web1',
    'tftp  RRQ ipxe-arm64.efi tsize=0 blksize=1468 windowsize=4 -> size 26',
    'tftp  RRQ ipxe-arm64.efi blksize=1468 windowsize=4 -> 26 bytes'
  ],
  'uefi-http': (url) => [
    `dhcp  DISCOVER (uefi-http) -> OFFER 10.77.0.2, ${url}/boot/loaders/ipxe.efi`,
    'dhcp  REQUEST 10.77.0.2 -> ACK for 43200 s, host name web1',
    'http  HEAD, GET /boot/loaders/ipxe.efi -> 24 bytes'
  ],
  'uefi-http-arm64': (url) => [
    `dhcp  DISCOVER (uefi-http-arm64) -> OFFER 10.77.0.2, ${url}/boot/loaders/ipxe-arm64.efi`,
    'dhcp  REQUEST 10.77.0.2 -> ACK for 43200 s, host name web1',
    'http  HEAD, GET /boot/loaders/ipxe-arm64.efi -> 26 bytes'
  ],
  ipxe: () => []
}

test('every firmware that can be simulated is tested here', (t) => {
  t.deepEqual(
    PROFILES.map(({ firmware }) => firmware),
    Object.keys(UNTIL_IPXE) as never[]
  )
})

for (const [firmware, untilIpxe] of Object.entries(UNTIL_IPXE)) {
  test(`a machine with the firmware ${firmware} is installed, and boots from its disk ever after`, async (t) => {
    const site = await startSite(t)
    const { rest, machines } = site
    await rest.send('POST', '/machines/web1/install')
    const { status, out, err } = await simulate(site, '--mac', MAC, '--firmware', firmware)
    t.deepEqual([status, err], [0, ''])
    const lines = withoutTimes(out).map((line) => line.replace(/script, \d+ bytes|TOKEN\/preseed -> \d+ bytes/, '...'))
    t.deepEqual(lines, [
      ...untilIpxe(machines.url),
      `dhcp  DISCOVER (ipxe) -> OFFER 10.77.0.2, ${machines.url}/boot/${MAC}/ipxe`,
      'dhcp  REQUEST 10.77.0.2 -> ACK for 43200 s, host name web1',
      `http  GET /boot/${MAC}/ipxe -> ...`,
      'http  GET kernel -> first 65536 of 100000 bytes',
      'http  GET initrd -> first 36 of 36 bytes',
      'http  GET /boot/attempts/...',
      'http  report fetched -> install requested',
      'http  report partitioning -> installing',
      'http  report installing -> installing',
      'http  report installed -> installed',
      `${MAC} is installed`
    ])
    t.like((await rest.get('/machines/web1')).body, { state: 'installed', generation: 1 })
    const again = withoutTimes((await simulate(site, '--mac', MAC, '--firmware', firmware)).out)
    t.is(again.at(-1), `${MAC} boots from its disk`)
    t.is(again.at(-2), `boot  ${/uefi/.test(firmware) ? 'exit 1' : 'exit'}: boots from its disk`)
  })
}

test("a machine that is sent Debian's signed GRUB loads the chain, and is told how to see the rest", async (t) => {
  const site = await startSite(t)
  await site.rest.send('PATCH', '/machines/web1', { loader: 'grub' })
  const { status, out, err } = await simulate(site, '--mac', MAC, '--firmware', 'uefi-x64')
  t.is(status, 1)
  t.regex(out, /RRQ grub\/shimx64\.efi blksize=1468 windowsize=4 -> 20 bytes/)
  t.regex(out, /RRQ grub\/grubx64\.efi blksize=1468 windowsize=4 -> 20 bytes/)
  t.regex(err, /would have stopped here: .* `tandem render NAME grub`/)
})

test('every step of a boot is an event of the machine', async (t) => {
  const site = await startSite(t)
  await site.rest.send('POST', '/machines/web1/install')
  await simulate(site, '--mac', MAC)
  const steps = async () => {
    const { body } = await site.rest.get<{ items: { type: string; message: string }[] }>('/events?machine=web1')
    return body.items.map(({ type, message }) => `${type} ${message.split(' ')[0]}`)
  }
  const expected = [
    'dhcp DISCOVER',
    'dhcp REQUEST',
    'tftp RRQ',
    'http iPXE',
    'boot install',
    'http GET',
    'http preseed',
    'boot fetched',
    'boot installed'
  ]
  await eventually(t, async (tt) => {
    const seen = await steps()
    tt.deepEqual(
      expected.filter((step) => !seen.includes(step)),
      []
    )
  })
  t.deepEqual(
    site.log.filter(({ level }) => level > 30),
    [],
    'nothing of it is a warning'
  )
})

test('a machine that nobody registered tells what it is and boots from its disk; then it is discovered', async (t) => {
  const site = await startSite(t)
  const { status, out } = await simulate(site, '--mac', '52:54:00:00:00:ff', '--firmware', 'uefi-x64')
  t.is(status, 0)
  t.regex(out, /OFFER 10\.77\.0\.1\d\d, ipxe\.efi/)
  t.is(withoutTimes(out).at(-1), '52:54:00:00:00:ff boots from its disk')
  t.like((await site.rest.get('/machines/new-5254000000ff')).body, {
    state: 'discovered',
    facts: { product: 'simulated machine', platform: 'efi', buildarch: 'x86_64' }
  })
})

test('the timeline as JSON', async (t) => {
  const site = await startSite(t)
  const { status, out } = await simulate(site, '--mac', MAC, '--firmware', 'ipxe', '--json')
  t.is(status, 0)
  const { mac, firmware, outcome, timeline } = JSON.parse(out)
  t.deepEqual([mac, firmware, outcome], [MAC, 'ipxe', 'local'])
  t.deepEqual(
    timeline.map(({ protocol }: { protocol: string }) => protocol),
    ['dhcp', 'dhcp', 'http', 'boot']
  )
  t.true(timeline.every(({ seconds }: { seconds: number }) => seconds >= 0))
})

for (const [where, spoil, reason] of [
  [
    'at a loader that is not there',
    async ({ config }) => rmSync(join(config.loaders, 'undionly.kpxe')),
    /undionly\.kpxe.*not found/
  ],
  [
    'at a wait: the installer failed before',
    async (site) => {
      await site.rest.send('POST', '/machines/web1/install')
      await site.rest.created('/simulations', { mac: MAC, address: '127.0.0.1' })
      const { text } = await site.machines.get(`/boot/${MAC}/ipxe`)
      const [attempt = ''] = /\/boot\/attempts\/[\w-]+/.exec(text) ?? []
      await site.machines.send('POST', `${attempt}/status`, 'stage=failed')
    },
    /told to wait: .*the installer reported that it failed/
  ],
  [
    'at an image without files',
    async ({ rest }) => {
      const image = { family: 'debian', release: 'trixie', architecture: 'amd64' }
      await rest.send('PUT', '/images/empty', image)
      await rest.send('PATCH', '/machines/web1', { image: 'empty' })
      await rest.send('POST', '/machines/web1/install')
    },
    /told to wait: .*image empty has no files yet/
  ],
  [
    'at an install file that cannot be rendered',
    async ({ rest }) => {
      await rest.send('PATCH', '/machines/web1', { vars: { partman_recipe: 'nonsense' } })
      await rest.send('POST', '/machines/web1/install')
    },
    /preseed: 422 preseed\/debian\.cfg\.njk, line \d+: vars\.partman_recipe is none of/
  ]
] as const satisfies readonly (readonly [string, (site: Running) => Promise<void>, RegExp])[]) {
  test(`a simulated machine stops where a machine would, and says why: ${where}`, async (t) => {
    const site = await startSite(t)
    await spoil(site)
    const { status, err } = await simulate(site, '--mac', MAC)
    t.is(status, 1)
    t.regex(err, /^tandem: the machine would have stopped here: /)
    t.regex(err, reason)
    const json = await simulate(site, '--mac', MAC, '--json')
    t.like(JSON.parse(json.out), { outcome: 'stopped' })
    t.regex(JSON.parse(json.out).reason, reason)
  })
}

test('without a subnet there is nowhere to simulate a machine', async (t) => {
  const running = await startTandem(t)
  const { status, err } = await simulate(running, '--mac', MAC)
  t.is(status, 1)
  t.regex(err, /there is no subnet that the machine could be on/)
})

test('where DHCP is off, the machine stops at its DISCOVER', async (t) => {
  const site = await startSite(t, { dhcp: 'off' })
  const { status, err } = await simulate(site, '--mac', MAC)
  t.is(status, 1)
  t.regex(err, /no answer to 3 DISCOVERs at 127\.\S+: `tandem explain MAC`/)
})

test('where another server gives the addresses, the machine stops at the OFFER that has none', async (t) => {
  const site = await startSite(t, { dhcp: 'proxy' })
  const { status, err } = await simulate(site, '--mac', MAC)
  t.is(status, 1)
  t.regex(err, /the OFFER has no address: in mode proxy another server gives them/)
})

test('an image that was imported is what a machine installs', async (t) => {
  const site = await startSite(t)
  const run = commandsOf(site.config.state)
  await run('image', 'import', 'debian-13', join(site.folder, 'netboot'), '--release', 'trixie')
  await run('machine', 'set', 'web1', '--image', 'debian-13')
  await run('machine', 'install', 'web1')
  writeFileSync(join(site.folder, 'netboot', 'version.info'), '')
  t.regex(await run('simulate', '--mac', MAC), /is installed$/)
  t.regex(await run('machine', 'show', 'web1'), /^state: installed$/m)
})
