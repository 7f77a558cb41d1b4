import test, { type ExecutionContext } from 'ava'
import { GeneratedFiles, isAlternative } from '../../src/boot/generated-files.ts'
import { act } from '../../src/inventory/actions.ts'
import { type Boot, installable, openBoot, told } from '../support/boot.ts'
import { dump, OWN } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const DB1 = ip('10.77.0.4')
const ELSEWHERE = ip('10.77.0.200')

async function open(t: ExecutionContext) {
  const boot = await openBoot(t)
  await installable(boot)
  const files = new GeneratedFiles(boot.service, boot.speakers, boot.trials)
  const generated = (name: string, client = DB1) => files.generate(name, client, OWN)
  const template = async (name: string, client = DB1) => {
    const file = await generated(name, client)
    return file && told(file.text).template
  }
  return { boot, generated, template }
}

const requestInstall = (boot: Boot) => act(boot.inventory, 'db-1', 'install', 'ann')

const names: [name: string, template: string][] = [
  ['pxelinux.cfg/01-52-54-00-00-00-01', 'pxelinux/local.njk'],
  ['pxelinux.cfg/default', 'pxelinux/local.njk'],
  ['debian-installer/amd64/pxelinux.cfg/default', 'pxelinux/local.njk'],
  ['grub.cfg', 'grub/local.cfg.njk'],
  ['grub/grub.cfg', 'grub/local.cfg.njk'],
  ['boot/grub/grub.cfg', 'grub/local.cfg.njk'],
  ['debian-installer/amd64/grub/grub.cfg', 'grub/local.cfg.njk'],
  ['EFI/debian/grub.cfg', 'grub/local.cfg.njk'],
  ['grub.cfg-01-52-54-00-00-00-01', 'grub/local.cfg.njk'],
  ['grub/grub.cfg-01-52-54-00-00-00-01', 'grub/local.cfg.njk'],
  ['grub/grub.cfg-01-52:54:00:00:00:01', 'grub/local.cfg.njk'],
  ['autoexec.ipxe', 'ipxe/local.ipxe.njk'],
  ['PXELINUX.CFG/DEFAULT', 'pxelinux/local.njk']
]

for (const [name, template] of names) {
  test(`${name} is the machine's boot decision`, async (t) => {
    t.is(await (await open(t)).template(name), template)
  })
}

for (const name of [
  'pxelinux.cfg/4c4c4544-0042-3510-8051-b4c04f4e4331',
  'pxelinux.cfg/0A4D0004',
  'pxelinux.cfg/0A4D',
  'grub/grub.cfg-0A4D0004',
  'grub/x86_64-efi/grub.cfg'
]) {
  test(`${name} is asked for before the file that there is`, async (t) => {
    t.true(isAlternative(name))
    t.is(await (await open(t)).generated(name), undefined)
  })
}

for (const name of [
  '',
  'ipxe.efi',
  'grub.cfg.bak',
  'boot/files/grub.cfg',
  'pxelinux.cfg/01-52-54',
  'x/autoexec.ipxe'
]) {
  test(`"${name}" is no generated file`, async (t) => {
    t.is(await (await open(t)).generated(name), undefined)
    t.is(isAlternative(name), name.startsWith('pxelinux.cfg/'))
  })
}

for (const name of ['pxelinux.cfg/01-52-54-00-00-00-01', 'pxelinux.cfg/default', 'grub/grub.cfg', 'autoexec.ipxe']) {
  test(`${name}: an install has the attempt's token, once for a power-on`, async (t) => {
    const { boot, generated } = await open(t)
    await requestInstall(boot)
    await boot.handshake(mac(1), 'uefi-x64')
    const files = await Promise.all([generated(name), generated(name)])
    const tokens = files.map((file) => /attempts\/([\w-]+)\/preseed/.exec(file?.text ?? '')?.[1] ?? '')
    t.not(tokens[0], tokens[1])
    for (const token of tokens) t.is(boot.service.redeem(token).machine.name, 'db-1')
    t.is(boot.attempts.list('db-1').length, 1)
  })
}

test('who asks by the MAC of another machine gets no installer, and no token is made', async (t) => {
  const { boot, generated } = await open(t)
  await requestInstall(boot)
  const before = dump(boot.db)
  for (const name of ['pxelinux.cfg/01-52-54-00-00-00-01', 'grub/grub.cfg-01-52-54-00-00-00-01']) {
    const file = await generated(name, ELSEWHERE)
    t.is(file?.decision?.action, 'wait')
    t.like(told(file?.text ?? ''), { tftp: { kernel: null, initrd: null }, kernelArguments: [] })
  }
  t.deepEqual(dump(boot.db), before)
})

test('at an address that nobody is known at GRUB is had to say its MAC; others find nothing', async (t) => {
  const { generated } = await open(t)
  t.deepEqual(await generated('debian-installer/amd64/grub/grub.cfg', ELSEWHERE), {
    text: `source '(tftp,10.77.0.1)/grub/grub.cfg-01-'"$net_default_mac"\n`
  })
  for (const name of ['pxelinux.cfg/default', 'autoexec.ipxe']) t.is(await generated(name, ELSEWHERE), undefined)
})

test('iPXE that asks for its script was not refused', async (t) => {
  const { boot, generated } = await open(t)
  await boot.handshake(mac(1), 'uefi-x64')
  boot.trials.taken(DB1, 'ipxe.efi')
  t.is(boot.trials.refusals(mac(1), boot.inventory.machineByMac(mac(1))), 1)
  boot.clock.advance(1)
  await generated('autoexec.ipxe')
  await boot.handshake(mac(1), 'uefi-x64')
  t.is(boot.trials.refusals(mac(1), boot.inventory.machineByMac(mac(1))), 0)
})

test('a dry run of each language opens nothing', async (t) => {
  const { boot } = await open(t)
  await requestInstall(boot)
  const before = dump(boot.db)
  for (const [language, template] of [
    ['grub', 'grub/install.cfg.njk'],
    ['pxelinux', 'pxelinux/install.njk']
  ] as const) {
    const text = boot.service.dryRun(mac(1), language)
    t.is(told(text).template, template)
    t.true(text.includes('/attempts/TOKEN/preseed'))
  }
  t.deepEqual(dump(boot.db), before)
})
