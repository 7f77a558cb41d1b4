import test from 'ava'
import { bootAnswer } from '../../src/boot/answers.ts'
import type { Situation } from '../../src/boot/decide.ts'
import { Endpoints } from '../../src/boot/endpoints.ts'
import { chooseLoader, type LoaderChoice } from '../../src/boot/loader-choice.ts'
import type { LoaderPreference } from '../../src/inventory/loader-trials.ts'
import type { FirmwareName } from '../../src/net/firmware.ts'
import { machine, OWN } from '../support/inventory.ts'
import { cidr, mac } from '../support/values.ts'

const NOBODY: Situation = { mac: mac(1), firmware: 'uefi-x64', offered: 0, offerLimit: 2 }
const db1 = (loader: LoaderPreference, more: Partial<Situation> = {}): Situation => ({
  ...NOBODY,
  machine: machine('db-1', 1, { loader }),
  ...more
})
const refusing = (refusals: number, more: Partial<Situation> = {}) => db1('auto', { refusals, ...more })

const ONCE =
  "its firmware took all of iPXE once and never came back as iPXE: after the second time it gets Debian's signed GRUB"
const TWICE = 'its firmware took all of iPXE twice and never came back as iPXE: Secure Boot is on, as it seems'
const GRUB = "it gets Debian's signed GRUB"
const UNDO = '`tandem machine set db-1 --loader ipxe` undoes it'
const SET = 'its loader is set to grub'
const MISSING =
  "Debian's signed GRUB needs /srv/grubx64.efi, which Debian's package debian-installer-12-netboot-amd64 has"
const NO_NETWORK = "after UEFI HTTP Boot Debian's signed GRUB has no network; let its firmware boot by PXE"
const missing = { signedMissing: '/srv/grubx64.efi' }
const on = (firmware: FirmwareName) => ({ firmware })

const table: [when: string, situation: Situation, choice: LoaderChoice][] = [
  ['nothing was seen of it', db1('auto'), { file: 'ipxe.efi', reasons: [] }],
  ['iPXE was refused once', refusing(1), { file: 'ipxe.efi', reasons: [ONCE] }],
  ['iPXE was refused twice', refusing(2), { file: 'grub/shimx64.efi', reasons: [TWICE, GRUB, UNDO] }],
  [
    'iPXE was refused four times',
    refusing(4),
    { file: 'grub/shimx64.efi', reasons: [TWICE.replace('twice', '4 times'), GRUB, UNDO] }
  ],
  ['a stranger refused twice', { ...NOBODY, refusals: 2 }, { file: 'grub/shimx64.efi', reasons: [TWICE, GRUB] }],
  ['refused, but iPXE is wanted', db1('ipxe', { refusals: 4 }), { file: 'ipxe.efi', reasons: [] }],
  ['GRUB is wanted', db1('grub'), { file: 'grub/shimx64.efi', reasons: [SET, GRUB] }],
  ['GRUB is wanted and not there', db1('grub', missing), { reasons: [SET, `no boot file: ${MISSING}`] }],
  [
    'refused twice, and there is no GRUB',
    refusing(2, missing),
    { file: 'ipxe.efi', reasons: [TWICE, `it gets iPXE all the same: ${MISSING}`] }
  ],
  [
    'GRUB is wanted by HTTP',
    db1('grub', on('uefi-http')),
    { file: 'ipxe.efi', reasons: [SET, `it gets iPXE all the same: ${NO_NETWORK}`] }
  ],
  [
    'refused twice by HTTP',
    refusing(2, on('uefi-http')),
    { file: 'ipxe.efi', reasons: [TWICE, `it gets iPXE all the same: ${NO_NETWORK}`] }
  ],
  [
    'GRUB is wanted beside another DHCP server',
    db1('grub', { addressElsewhere: true }),
    {
      file: 'ipxe.efi',
      reasons: [SET, 'it gets iPXE all the same: GRUB asks the server that gave it its address for everything']
    }
  ],
  [
    'GRUB is wanted for a BIOS',
    db1('grub', on('bios')),
    { file: 'undionly.kpxe', reasons: [SET, 'it gets iPXE all the same: a BIOS has no Secure Boot'] }
  ],
  [
    'GRUB is wanted for arm64',
    db1('grub', on('uefi-arm64')),
    {
      file: 'ipxe-arm64.efi',
      reasons: [SET, "it gets iPXE all the same: Debian's signed GRUB is served for x64 alone"]
    }
  ],
  ['what runs already loads nothing', db1('grub', on('ipxe')), { reasons: [] }],
  ['an operating system loads nothing', db1('grub', on('os')), { reasons: [] }]
]

for (const [when, situation, choice] of table) {
  test(`the loader when ${when}`, (t) => {
    t.deepEqual(chooseLoader(situation, 'install'), choice)
  })
}

test('the DHCP answer names the loader that was chosen; where there is none, it names none', (t) => {
  const endpoints = new Endpoints([{ name: 'br0', address: OWN, network: cidr('10.77.0.0/24') }], 80)
  const answer = (situation: Situation) => bootAnswer(situation, { action: 'install', reasons: [] }, endpoints, OWN)
  t.deepEqual(answer(db1('grub')), { kind: 'tftp', server: OWN, file: 'grub/shimx64.efi' })
  t.is(answer(db1('grub', missing)), undefined)
})
