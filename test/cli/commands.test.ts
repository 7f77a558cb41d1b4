import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { parse } from 'yaml'
import { temporaryFolder } from '../daemon/files.ts'
import { handshake, MAC, type Running, startSite, startTandem } from '../daemon/running.ts'
import { commandsOf, tandem } from './command.ts'

type Site = Running & { tandem(...args: string[]): Promise<string>; refused(...args: string[]): Promise<string> }

/** The text of a failed command; it must fail by exit 1. */
const refusedBy =
  (state: string) =>
  async (...args: string[]) => {
    const { status, out, err } = await tandem(['--state', state, ...args])
    if (status !== 1 || out !== '') throw new Error(`exit ${status}: ${out}${err}`)
    return err
  }

async function site(t: ExecutionContext): Promise<Site> {
  const running = await startSite(t)
  return { ...running, tandem: commandsOf(running.config.state), refused: refusedBy(running.config.state) }
}

test('machine add registers, gives an address, and says what comes next', async (t) => {
  const { tandem, rest } = await site(t)
  const out = await tandem(
    ...['machine', 'add', 'db1', '--mac', '52-54-00-00-00-0B', '--mac', '5254.0000.000c', '--role', 'web'],
    ...['--var', 'packages=[openssh-server, mariadb-server]', '--var', 'user=ops', '--label', 'rack=b7'],
    ...['--kernel-argument', 'quiet', '--disk', '/dev/sda', '--local-boot', 'sanboot', '--console', 'ttyS0,115200n8'],
    ...['--loader', 'grub']
  )
  t.is(
    out,
    'db1 registered: 52:54:00:00:00:0b 10.77.0.3, 52:54:00:00:00:0c 10.77.0.4\nnext: tandem machine install db1'
  )
  t.like((await rest.get('/machines/db1')).body, {
    role: 'web',
    vars: { packages: ['openssh-server', 'mariadb-server'], user: 'ops' },
    labels: { rack: 'b7' },
    kernelArguments: ['quiet'],
    disk: '/dev/sda',
    localBoot: 'sanboot',
    loader: 'grub',
    console: 'ttyS0,115200n8'
  })
})

test('machine set changes what it names; --unset removes', async (t) => {
  const { tandem, rest } = await site(t)
  t.is(
    await tandem('machine', 'set', 'web1', '--serial', 'SN-1', '--var', 'user=ops', '--var', 'locale=nb_NO'),
    'web1 changed'
  )
  await tandem('machine', 'set', 'web1', '--ipv4', '10.77.0.9', '--unset', 'serial', '--unset', 'var.user')
  t.like((await rest.get('/machines/web1')).body, {
    serial: undefined,
    role: 'web',
    vars: { locale: 'nb_NO' },
    interfaces: [{ mac: MAC, ipv4: '10.77.0.9', subnet: '10.77.0.0/24' }]
  })
  await tandem('machine', 'set', 'web1', '--var', 'user=ops', '--unset', 'var.locale')
  t.like((await rest.get('/machines/web1')).body, { vars: { user: 'ops', locale: undefined } })
  await tandem('machine', 'set', 'web1', '--mac', '52:54:00:00:00:0d')
  t.like((await rest.get('/machines/web1')).body, { interfaces: [{ mac: '52:54:00:00:00:0d' }] })
})

test('machine list is a table for people', async (t) => {
  const { tandem } = await site(t)
  t.is(
    await tandem('machine', 'list'),
    [
      'name  state       mac                ipv4       role  image',
      'web1  registered  52:54:00:00:00:0a  10.77.0.2  web'
    ].join('\n')
  )
  t.is(await tandem('machine', 'list', '--state-is', 'installed'), 'none')
  t.is(await tandem('machine', 'list', '--mac', '52:54:00:00:00:ff', '--json'), '[]')
})

for (const [listing, key, value] of [
  ['machine list', 'name', 'web1'],
  ['role list', 'name', 'web'],
  ['image list', 'name', 'debian-12'],
  ['subnet list', 'cidr', '10.77.0.0/24'],
  ['leases', 'mac', MAC],
  ['events', 'type', 'inventory']
] as const) {
  test(`${listing} --json is a list for scripts`, async (t) => {
    const running = await site(t)
    await handshake(running)
    const items = JSON.parse(await running.tandem(...listing.split(' '), '--json'))
    t.is(items[0][key], value)
  })
}

for (const [what, name, key] of [
  ['machine', 'web1', 'name'],
  ['role', 'web', 'name'],
  ['image', 'debian-12', 'name'],
  ['subnet', '10.77.0.0/24', 'cidr']
] as const) {
  test(`${what} show is the same as YAML and as JSON`, async (t) => {
    const { tandem } = await site(t)
    const shown = JSON.parse(await tandem(what, 'show', name, '--json'))
    t.is(shown[key], name)
    t.deepEqual(parse(await tandem(what, 'show', name)), shown)
  })
}

test('roles, images and subnets are made by set, changed by set, removed by remove', async (t) => {
  const { tandem, rest } = await site(t)
  const subnet = [
    '10.78.0.0/24',
    '--gateway',
    '10.78.0.1',
    '--pool',
    '10.78.0.100-10.78.0.110',
    '--lease',
    '600',
    '--vlan',
    '8'
  ]
  t.is(await tandem('subnet', 'set', ...subnet, '--dns', '10.78.0.1'), 'subnet 10.78.0.0/24 created')
  t.is(await tandem('subnet', 'set', '10.78.0.0/24', '--unset', 'vlan'), 'subnet 10.78.0.0/24 changed')
  t.like((await rest.get('/subnets/10.78.0.0%2F24')).body, {
    gateway: '10.78.0.1',
    dns: ['10.78.0.1'],
    pools: [{ from: '10.78.0.100', to: '10.78.0.110' }],
    lease: 600,
    vlan: undefined
  })
  t.is(await tandem('role', 'set', 'ceph::mon', '--kind', 'virtual', '--note', 'a b'), 'role ceph::mon created')
  t.like((await rest.get('/roles/ceph::mon')).body, { kind: 'virtual', note: 'a b', class: 'role::ceph::mon' })
  t.is(
    await tandem('image', 'set', 'debian-13', '--release', 'trixie', '--architecture', 'amd64'),
    'image debian-13 created'
  )
  t.is(await tandem('image', 'set', 'debian-13', '--kernel-argument', 'quiet'), 'image debian-13 changed')
  t.like((await rest.get('/images/debian-13')).body, { release: 'trixie', kernelArguments: ['quiet'] })
  for (const [what, name] of [
    ['subnet', '10.78.0.0/24'],
    ['role', 'ceph::mon'],
    ['image', 'debian-13']
  ] as const) {
    t.is(await tandem(what, 'remove', name), `${what} ${name} removed`)
  }
  t.is(await tandem('machine', 'remove', 'web1'), 'web1 removed')
})

test('DHCP options are set and removed at every level, by name or code', async (t) => {
  const { tandem, rest } = await site(t)
  const options = ['--option', 'domain-search=[lab.org, example.org]', '--option', '26=9000', '--option', '224=0x0a']
  const set = { 'domain-search': ['lab.org', 'example.org'], 'interface-mtu': 9000, 224: '0x0a' }
  for (const [path, ...command] of [
    ['/global', 'global', 'set'],
    ['/subnets/10.77.0.0%2F24', 'subnet', 'set', '10.77.0.0/24'],
    ['/roles/web', 'role', 'set', 'web'],
    ['/machines/web1', 'machine', 'set', 'web1'],
    ['/classes/pxe', 'class', 'set', 'pxe', '--firmware', 'bios']
  ] as const) {
    await tandem(...command, ...options)
    t.deepEqual((await rest.get(path)).body.options, set, path)
    const change = ['--option', 'tcode=Europe/Oslo', '--unset', 'option.domain-search', '--unset', 'option.26']
    await tandem(...command, ...change)
    t.deepEqual((await rest.get(path)).body.options, { 224: '0x0a', tcode: 'Europe/Oslo' }, path)
  }
})

test('classes are made, listed, changed and removed', async (t) => {
  const { tandem, rest } = await site(t)
  const conditions = ['--firmware', 'bios', '--firmware', 'ipxe', '--mac', '5254.00', '--relay', '10.88.0.0/16']
  t.is(
    await tandem('class', 'set', 'old-pxe', ...conditions, '--option', 'tftp-server-name=boot'),
    'class old-pxe created'
  )
  const described = ['--architecture', '7', '--vendor-class', 'PXEClient', '--user-class', 'lab', '--note', 'new ones']
  t.is(await tandem('class', 'set', 'old-pxe', ...described, '--unset', 'match.relay'), 'class old-pxe changed')
  const match = {
    firmware: ['bios', 'ipxe'],
    architecture: [7],
    vendorClass: 'PXEClient',
    userClass: 'lab',
    mac: '52:54:00'
  }
  t.like((await rest.get('/classes/old-pxe')).body, { match, note: 'new ones' })
  const [head = '', row = ''] = (await tandem('class', 'list')).split('\n')
  t.regex(head, /^name +match +options +note$/)
  t.regex(row, /^old-pxe +firmware=bios,ipxe, .*mac=52:54:00.* +tftp-server-name +new ones$/)
  t.is(await tandem('class', 'remove', 'old-pxe'), 'class old-pxe removed')
  t.is(await tandem('class', 'list'), 'none')
})

test('the global settings are shown and set', async (t) => {
  const { tandem } = await site(t)
  t.is(
    await tandem('global', 'set', '--option', 'ntp-servers=10.0.0.1', '--var', 'locale=C'),
    'global settings changed'
  )
  t.is(
    await tandem('global', 'show'),
    ['options:', '  ntp-servers:', '    - 10.0.0.1', 'vars:', '  locale: C'].join('\n')
  )
  await tandem('global', 'set', '--unset', 'var.locale')
  t.deepEqual(JSON.parse(await tandem('global', 'show', '--json')).vars, {})
})

test('a subnet says whether it is authoritative, and which link it is on', async (t) => {
  const { tandem, rest } = await site(t)
  const now = async () => {
    const { authoritative, sharedNetwork } = (await rest.get('/subnets/10.77.0.0%2F24')).body
    return [authoritative, sharedNetwork]
  }
  await tandem('subnet', 'set', '10.77.0.0/24', '--no-authoritative', '--shared-network', 'lab')
  t.deepEqual(await now(), [false, 'lab'])
  await tandem('subnet', 'set', '10.77.0.0/24', '--vlan', '7')
  t.deepEqual(await now(), [false, 'lab'])
  await tandem('subnet', 'set', '10.77.0.0/24', '--authoritative', '--unset', 'sharedNetwork')
  t.deepEqual(await now(), [true, undefined])
})

test('a wrong option is refused with what was probably meant', async (t) => {
  const { refused } = await site(t)
  const answer = await refused(
    'role',
    'set',
    'web',
    '--option',
    'domain-serach=lab.org',
    '--option',
    'interface-mtu=big'
  )
  t.regex(answer, /^ {2}options\.domain-serach: .* did you mean domain-search\?$/m)
  t.regex(answer, /^ {2}options\.interface-mtu: must be a whole number/m)
})

test('install, cancel and retire say what the machine is then', async (t) => {
  const { tandem, refused } = await site(t)
  t.is(await tandem('machine', 'install', 'web1'), 'web1: install requested, generation 1')
  t.is(await tandem('machine', 'cancel', 'web1'), 'web1: registered, generation 2')
  t.is(await tandem('machine', 'retire', 'web1'), 'web1: retired, generation 3')
  t.regex(await refused('machine', 'install', 'web1'), /^tandem: web1 is retired: .* \(wrong-state\)$/)
})

test('a refusal is one line with its code; one of several fields names each', async (t) => {
  const { refused } = await site(t)
  t.is(await refused('machine', 'show', 'nobody'), 'tandem: there is no machine nobody (not-found)')
  t.regex(await refused('role', 'remove', 'web'), /^tandem: role web is used by machine web1: .* \(in-use\)$/)
  t.deepEqual((await refused('machine', 'add', 'Bad', '--mac', 'junk', '--disk', 'sda')).split('\n'), [
    'tandem: The request is invalid (invalid)',
    '  name: must match ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
    '  disk: must match ^/dev/[A-Za-z0-9/._:+-]+$'
  ])
  t.regex(await refused('events', '--mac', 'junk'), /mac: "junk" is not a MAC address/)
})

test('explain prints the decision, its reasons, the DHCP answer and where the variables come from', async (t) => {
  const { tandem, machines } = await site(t)
  const lines = (await tandem('explain', 'web1', '--firmware', 'bios')).split('\n')
  t.is(lines[0], 'web1 (registered), as bios: local')
  t.true(lines.includes('DHCP: offers 10.77.0.2, undionly.kpxe'))
  t.true(lines.includes('  timezone: "Etc/UTC" (default)'))
  t.true(lines.includes('  domain-name: "example.org" (subnet 10.77.0.0/24)'))
  const { dhcp } = JSON.parse(await tandem('explain', '5254.0000.000a', '--json'))
  t.is(dhcp.boot.url, `${machines.url}/boot/${MAC}/ipxe`)
  t.regex(await tandem('explain', '52:54:00:00:00:ff'), /^52:54:00:00:00:ff, as ipxe: discover\n/)
})

test('explain says which loader a machine is sent, where that is not the usual one', async (t) => {
  const { tandem } = await site(t)
  t.false((await tandem('explain', 'web1')).includes('loader:'))
  await tandem('machine', 'set', 'web1', '--loader', 'grub')
  t.regex(
    await tandem('explain', 'web1'),
    /^loader: grub\/shimx64\.efi\n {2}- its loader is set to grub\n {2}- it gets Debian's signed GRUB$/m
  )
})

test('explain prints what an option is, which level says so, and which ones do not count', async (t) => {
  const { tandem } = await site(t)
  await tandem('global', 'set', '--option', 'routers=10.0.0.1')
  await tandem('class', 'set', 'old', '--firmware', 'bios', '--option', '26=1400')
  await tandem('machine', 'set', 'web1', '--option', 'routers=10.77.0.9')
  const explained = async (firmware: string) => (await tandem('explain', 'web1', '--firmware', firmware)).split('\n')
  const lines = await explained('bios')
  t.true(lines.includes('  routers: ["10.77.0.9"] (machine web1, not subnet 10.77.0.0/24, not global)'))
  t.true(lines.includes('  interface-mtu: 1400 (class old)'))
  t.false((await explained('ipxe')).some((line) => line.includes('interface-mtu')))
})

test('render prints the file that a machine would get', async (t) => {
  const { tandem, refused } = await site(t)
  t.regex(await tandem('render', 'web1', 'ipxe'), /^#!ipxe\n/)
  t.regex(await tandem('render', 'web1', 'preseed'), /^d-i netcfg\/get_hostname string web1$/m)
  t.regex(await tandem('render', 'web1', 'grub'), /^echo 'Tandem: web1, /)
  t.regex(await tandem('render', 'web1', 'pxelinux'), /^SAY Tandem: web1, /)
  t.is(await refused('render', 'nobody', 'ipxe'), 'tandem: there is no machine nobody (not-found)')
})

test('leases prints who holds which address', async (t) => {
  const running = await site(t)
  t.is(await running.tandem('leases'), 'none')
  await handshake(running)
  const [head = '', row = ''] = (await running.tandem('leases', '--mac', '52-54-00-00-00-0A')).split('\n')
  t.deepEqual(head.split(/ +/), ['address', 'mac', 'machine', 'kind', 'state', 'expires'])
  t.deepEqual(row.split(/ +/).slice(0, 5), ['10.77.0.2', MAC, 'web1', 'fixed', 'active'])
  t.is((await running.tandem('leases', '--all')).split('\n').length, 2)
})

test('apply prints what changes; a dry run prints the difference and changes nothing', async (t) => {
  const { tandem, folder } = await site(t)
  const file = join(folder, 'site.yaml')
  writeFileSync(file, 'roles:\n  - { name: web, note: pages }\n  - { name: db }\n')
  t.is(
    await tandem('apply', '--dry-run', '-f', file),
    [
      '~ role web',
      '    + note: "pages"',
      '    - image: "debian-12"',
      '+ role db',
      '    + class: "role::db"',
      '    + options: {}',
      '    + vars: {}',
      '2 would change'
    ].join('\n')
  )
  t.regex(await tandem('role', 'list'), /^web +role::web +debian-12$/m)
  t.regex(await tandem('apply', '-f', file), /\n\+ role db\n2 changed$/)
  t.is(await tandem('apply', '-f', file), '0 changed')
  t.deepEqual(JSON.parse(await tandem('apply', '-f', file, '--json')).edits, [])
})

test('export is what apply takes', async (t) => {
  const one = await site(t)
  const exported = await one.tandem('export')
  t.deepEqual(Object.keys(parse(exported)), ['global', 'subnets', 'classes', 'images', 'roles', 'machines'])
  const file = join(one.folder, 'export.yaml')
  writeFileSync(file, exported)
  t.is(await one.tandem('apply', '-f', file), '0 changed')
})

for (const [rule, text, message] of [
  ['broken YAML', 'roles: [', /site\.yaml:1: Flow sequence/],
  ['an alias without its anchor', 'roles: *all', /site\.yaml:1: \*all has no anchor/],
  ['a wrong entity', 'roles: [{ name: Big }]', /roles\[0\] \(Big\)\.name: must match/]
] as const) {
  test(`apply of ${rule} fails with what is wrong`, async (t) => {
    const { refused, folder } = await site(t)
    const file = join(folder, 'site.yaml')
    writeFileSync(file, text)
    t.regex(await refused('apply', '-f', file), message)
  })
}

test('apply of a file that is not there fails in one line', async (t) => {
  const { refused } = await site(t)
  t.is(await refused('apply', '-f', '/nowhere/site.yaml'), "tandem: /nowhere/site.yaml can't be read (ENOENT)")
})

for (const args of [
  ['nonsense'],
  ['--nonsense'],
  ['machine'],
  ['machine', 'nonsense'],
  ['machine', 'add'],
  ['machine', 'add', 'web2'],
  ['machine', 'add', 'web2', '--mac', MAC, '--colour', 'red'],
  ['machine', 'add', 'web2', '--mac', MAC, '--var', 'novalue'],
  ['machine', 'add', 'web2', '--mac', MAC, '--var', 'packages=[openssh'],
  ['subnet', 'set', '10.0.0.0/24', '--lease', 'long'],
  ['subnet', 'set', '10.0.0.0/24', '--pool', '10.0.0.1'],
  ['class', 'set', 'pxe', '--architecture', 'x64'],
  ['global', 'set', '--option', 'routers'],
  ['role', 'set', 'db', '--option', 'routers=[10.0.0.1'],
  ['render', 'web1', 'passwd'],
  ['simulate'],
  ['simulate', '--mac', 'junk'],
  ['leases', '--mac', 'junk'],
  ['simulate', '--mac', MAC, '--firmware', 'coreboot'],
  ['apply'],
  ['events', 'nonsense'],
  ['config', 'check'],
  ['--state', 'x', 'serve', '--config', 'tandem.yaml']
]) {
  test(`wrong usage is exit 2, with a hint and no stack: tandem ${args.join(' ')}`, async (t) => {
    const { status, out, err } = await tandem(args, { TANDEM_URL: 'https://127.0.0.1:1', TANDEM_TOKEN: 'x' })
    t.is(status, 2)
    t.is(out, '')
    t.not(err, '')
    t.notRegex(err, /\n {4}at /)
  })
}

test('help and version go to standard output, exit 0', async (t) => {
  const help = await tandem(['--help'])
  t.deepEqual([help.status, help.err], [0, ''])
  for (const command of [
    'serve',
    'machine',
    'role',
    'image',
    'subnet',
    'class',
    'global',
    'apply',
    'explain',
    'render',
    'simulate',
    'events',
    'capture'
  ]) {
    t.regex(help.out, new RegExp(`^  ${command}\\b`, 'm'))
  }
  const version = await tandem(['--version'])
  const { version: packaged } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
  t.deepEqual(version, { status: 0, out: packaged, err: '' })
})

test('init writes a file that config check finds right, and leaves one that is there', async (t) => {
  const file = join(temporaryFolder(t), 'tandem.yaml')
  t.like(await tandem(['init', file]), { status: 0, err: '' })
  t.deepEqual(await tandem(['config', 'check', file]), { status: 0, out: `${file} is right`, err: '' })
  writeFileSync(file, 'colour: red\n')
  t.like(await tandem(['init', file]), { status: 1, err: `tandem: ${file} is there already: it is left as it is` })
  t.is(readFileSync(file, 'utf8'), 'colour: red\n')
})

test('config check prints every error with file and line, exit 2', async (t) => {
  const file = join(temporaryFolder(t), 'tandem.yaml')
  writeFileSync(file, 'colour: red\nprovisioning:\n  interfaces: [{ name: lo }]\n  http: eighty\n')
  for (const args of [
    ['config', 'check', file],
    ['serve', '--config', file]
  ]) {
    t.deepEqual(await tandem(args), {
      status: 2,
      out: '',
      err: `tandem: ${file}:1: colour: is not a known field\n${file}:4: provisioning.http: must be integer`
    })
  }
})

test('nothing is there yet: listings say so', async (t) => {
  const { config } = await startTandem(t)
  const tandem = commandsOf(config.state)
  for (const what of ['machine', 'role', 'image', 'subnet', 'class']) t.is(await tandem(what, 'list'), 'none')
})
