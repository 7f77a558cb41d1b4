import test from 'ava'
import { bootAnswer, templateContext } from '../../src/boot/answers.ts'
import { LANGUAGES, SCRIPT_TEMPLATES } from '../../src/boot/boot-languages.ts'
import { DEFAULT_VARS } from '../../src/boot/context.ts'
import type { Action, Decision, Situation } from '../../src/boot/decide.ts'
import { Endpoints } from '../../src/boot/endpoints.ts'
import { nextGeneration, REGISTERED } from '../../src/inventory/lifecycle.ts'
import type { FirmwareName } from '../../src/net/firmware.ts'
import { image, machine, OWN, role, subnet } from '../support/inventory.ts'
import { cidr, ip, mac } from '../support/values.ts'

const ENDPOINTS = new Endpoints([{ name: 'br0', address: OWN, network: cidr('10.77.0.0/24') }], 8080)
const NOBODY: Situation = { mac: mac(1), firmware: 'ipxe', offered: 0, offerLimit: 2 }
const decided = (action: Action): Decision => ({ action, reasons: ['because'] })

const answers: Record<FirmwareName, object | undefined> = {
  bios: { kind: 'tftp', server: OWN, file: 'undionly.kpxe' },
  'uefi-x64': { kind: 'tftp', server: OWN, file: 'ipxe.efi' },
  'uefi-arm64': { kind: 'tftp', server: OWN, file: 'ipxe-arm64.efi' },
  'uefi-http': { kind: 'http', server: OWN, url: 'http://10.77.0.1:8080/boot/loaders/ipxe.efi' },
  'uefi-http-arm64': { kind: 'http', server: OWN, url: 'http://10.77.0.1:8080/boot/loaders/ipxe-arm64.efi' },
  ipxe: { kind: 'script', server: OWN, url: 'http://10.77.0.1:8080/boot/52:54:00:00:00:01/ipxe' },
  os: undefined,
  unsupported: undefined
}

for (const [firmware, answer] of Object.entries(answers)) {
  test(`the boot answer for ${firmware}, whatever it becomes`, (t) => {
    const situation = { ...NOBODY, firmware: firmware as FirmwareName }
    for (const action of ['install', 'local', 'wait', 'discover'] as const) {
      t.deepEqual(bootAnswer(situation, decided(action), ENDPOINTS, OWN), answer as ReturnType<typeof bootAnswer>)
    }
    t.is(bootAnswer(situation, decided('ignore'), ENDPOINTS, OWN), undefined)
  })
}

test('a loader that only the other instance has is fetched from there', (t) => {
  const peer = {
    interfaces: [{ name: 'br0', address: ip('10.77.0.2'), network: cidr('10.77.0.0/24') }],
    http: 8080,
    dhcp: 67
  }
  const interfaces = [{ name: 'br0', address: OWN, network: cidr('10.77.0.0/24') }]
  const endpoints = new Endpoints(interfaces, 8080, () => peer)
  const answerTo = (firmware: FirmwareName) =>
    bootAnswer({ ...NOBODY, firmware, loadersElsewhere: new Set(['ipxe.efi']) }, decided('wait'), endpoints, OWN)
  t.deepEqual(answerTo('bios'), { kind: 'tftp', server: OWN, file: 'undionly.kpxe' })
  t.deepEqual(answerTo('uefi-x64'), { kind: 'tftp', server: ip('10.77.0.2'), file: 'ipxe.efi' })
  t.like(answerTo('uefi-http'), { url: 'http://10.77.0.2:8080/boot/loaders/ipxe.efi' })
})

test('a virtio card under UEFI: the loader that comes back, wherever iPXE has to', (t) => {
  const answerTo = (firmware: FirmwareName, action: Action, busid: string) => {
    const known = { ...machine('vm-1', 1), facts: { busid } }
    return bootAnswer({ ...NOBODY, firmware, machine: known }, decided(action), ENDPOINTS, OWN)
  }
  const [virtio, intel] = ['01:1a:f4:10:00', '01:80:86:10:0e']
  for (const action of ['local', 'wait', 'discover'] as const) {
    t.like(answerTo('uefi-x64', action, virtio), { file: 'snponly.efi' })
    t.like(answerTo('uefi-http', action, virtio), { url: 'http://10.77.0.1:8080/boot/loaders/snponly.efi' })
    t.like(answerTo('uefi-x64', action, intel), { file: 'ipxe.efi' })
    t.like(answerTo('bios', action, virtio), { file: 'undionly.kpxe' })
  }
  t.like(answerTo('uefi-x64', 'install', virtio), { file: 'ipxe.efi' })
})

test('a loader that is not there is not named', (t) => {
  const situation: Situation = { ...NOBODY, firmware: 'uefi-arm64', loaderMissing: true }
  t.is(bootAnswer(situation, decided('install'), ENDPOINTS, OWN), undefined)
})

test('every action has a script in each language', (t) => {
  const endings = { ipxe: '.ipxe.njk', grub: '.cfg.njk', pxelinux: '.njk' }
  for (const language of LANGUAGES) {
    const of = (name: string) => `${language}/${name}${endings[language]}`
    const own = { install: of('install'), local: of('local'), wait: of('wait'), discover: of('discover') }
    t.deepEqual(SCRIPT_TEMPLATES[language], { ...own, ignore: own.local })
  }
})

const KERNEL = { name: 'linux', sha256: 'a'.repeat(64), size: 1 }
const INITRD = { name: 'initrd.gz', sha256: 'b'.repeat(64), size: 1 }
const DB1: Situation = {
  ...NOBODY,
  subnet: subnet({ vars: { locale: 'de_DE.UTF-8' } }),
  machine: {
    ...machine('db-1', 1, { console: 'ttyS0,115200n8', kernelArguments: ['quiet'], labels: { rack: 'b7' } }),
    interfaces: [{ mac: mac(1), ipv4: ip('10.77.0.4'), subnet: cidr('10.77.0.0/24') }],
    role: 'db',
    disk: '/dev/sda',
    localBoot: 'sanboot',
    life: nextGeneration(REGISTERED, 'install', 'a-1')
  },
  role: role('db'),
  image: { ...image('debian-12'), kernel: KERNEL, initrd: INITRD, kernelArguments: ['net.ifnames=0'] }
}

test("everything that an installer's templates are given", (t) => {
  const base = 'http://10.77.0.1:8080/boot'
  const urls = {
    script: `${base}/52:54:00:00:00:01/ipxe`,
    facts: `${base}/52:54:00:00:00:01/facts`,
    kernel: `${base}/files/debian-12/${KERNEL.sha256}/linux`,
    initrd: `${base}/files/debian-12/${INITRD.sha256}/initrd.gz`,
    preseed: `${base}/attempts/TOKEN/preseed`,
    status: `${base}/attempts/TOKEN/status`
  }
  t.deepEqual(templateContext(DB1, decided('install'), ENDPOINTS, OWN, 'TOKEN'), {
    machine: {
      name: 'db-1',
      fqdn: 'db-1.example.org',
      domain: 'example.org',
      mac: mac(1),
      labels: { rack: 'b7' },
      loader: null,
      localBoot: 'sanboot',
      disk: '/dev/sda'
    },
    role: { name: 'db', class: 'role::db' },
    image: { name: 'debian-12', family: 'debian', release: 'bookworm', architecture: 'amd64' },
    network: {
      address: '10.77.0.4',
      mask: '255.255.255.0',
      prefix: 24,
      gateway: '10.77.0.254',
      dns: ['10.77.0.2'],
      ntp: ['10.77.0.3']
    },
    url: urls,
    urls: [urls],
    tftp: {
      server: OWN,
      servers: [OWN],
      kernel: `boot/files/debian-12/${KERNEL.sha256}/linux`,
      initrd: `boot/files/debian-12/${INITRD.sha256}/initrd.gz`,
      grub: 'grub/grub.cfg-01-52-54-00-00-00-01',
      pxelinux: 'pxelinux.cfg/01-52-54-00-00-00-01'
    },
    kernelArguments: [
      'auto=true',
      'priority=critical',
      `url=${base}/attempts/TOKEN/preseed`,
      'hostname=db-1',
      'domain=example.org',
      'interface=auto',
      'BOOTIF=01-52-54-00-00-00-01',
      '---',
      'console=ttyS0,115200n8',
      'net.ifnames=0',
      'quiet'
    ],
    generation: '1-a-1',
    marker: 'tandem installed 1-a-1',
    reasons: ['because'],
    vars: { ...DEFAULT_VARS, locale: 'de_DE.UTF-8' }
  })
})

test('a stranger has a name of its MAC, and nothing else is known', (t) => {
  const context = templateContext(NOBODY, decided('discover'), ENDPOINTS, OWN, null)
  t.like(context, { role: null, image: null, network: null, kernelArguments: [], generation: null })
  t.like(context.machine, { name: '52-54-00-00-00-01', fqdn: '52-54-00-00-00-01', domain: null, localBoot: 'exit' })
  t.like(context.url, { kernel: null, initrd: null, preseed: null, status: null })
})

for (const action of ['local', 'wait', 'discover', 'ignore'] as const) {
  test(`nothing of an install leaks into the script of ${action}`, (t) => {
    const { url, tftp, kernelArguments } = templateContext(DB1, decided(action), ENDPOINTS, OWN, 'TOKEN')
    t.deepEqual([url.kernel, url.initrd, url.preseed, url.status], [null, null, null, null])
    t.deepEqual([tftp.kernel, tftp.initrd], [null, null])
    t.deepEqual(kernelArguments, [])
  })
}

test('an installer without a token has no files of its own', (t) => {
  const { url, kernelArguments } = templateContext(DB1, decided('install'), ENDPOINTS, OWN, null)
  t.deepEqual([url.preseed, url.status, kernelArguments], [null, null, []])
})

test('without console and further arguments the installed kernel gets none', (t) => {
  const plain = {
    ...DB1,
    machine: machine('db-1', 1),
    image: { ...image('debian-12'), kernel: KERNEL, initrd: INITRD }
  }
  t.false(templateContext(plain, decided('install'), ENDPOINTS, OWN, 'TOKEN').kernelArguments.includes('---'))
})

test("on another subnet than its own the machine's fixed address is not its address", (t) => {
  const elsewhere = { ...DB1, subnet: subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] }) }
  t.is(templateContext(elsewhere, decided('install'), ENDPOINTS, OWN, 'TOKEN').network?.address, null)
})
