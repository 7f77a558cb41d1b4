import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { embeddedConfig, loadConfig, parseConfig } from '../src/config.ts'
import { FileError } from '../src/yaml.ts'

const MINIMAL = 'provisioning: { interfaces: [{ name: br0 }] }'

/** The lines of what is wrong; empty when nothing is. */
function wrong(text: string): readonly string[] {
  try {
    parseConfig(text, 'tandem.yaml')
    return []
  } catch (error) {
    if (error instanceof FileError) return error.lines
    throw error
  }
}

test('what a file leaves out has the defaults of a service on its own ports', (t) => {
  t.deepEqual(parseConfig(MINIMAL, '/etc/tandem.yaml'), {
    instance: 'a',
    state: '/var/lib/tandem',
    log: 'info',
    interfaces: [{ name: 'br0' }],
    ports: { http: 80, tftp: 69, dhcp: 67 },
    dhcp: 'authoritative',
    loaders: '/usr/lib/ipxe',
    signedLoaders: '/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64',
    offers: 2,
    memory: 256 << 20,
    limits: { perClient: undefined, total: 4096 },
    admin: { address: '127.0.0.1', port: 8443 }
  })
})

test('every setting of a file is taken; relative paths start at the file', (t) => {
  const text = `
instance: b
state: var
log: debug
provisioning:
  interfaces:
    - { name: br0, address: 10.77.0.1 }
    - { name: br1 }
  http: 8080
  tftp: 6969
  dhcp: { port: 6767, mode: 'off' }
  loaders: ../loaders
  signedLoaders: signed
  offers: 5
  maxBlockSize: 8192
  memory: 0
  limits: { perClient: 8, total: 100 }
admin:
  listen: 10.99.0.1:443
  tls: { cert: admin.crt, key: /etc/ssl/admin.key }
`
  t.deepEqual(parseConfig(text, '/srv/tandem/tandem.yaml'), {
    instance: 'b',
    state: '/srv/tandem/var',
    log: 'debug',
    interfaces: [{ name: 'br0', address: '10.77.0.1' }, { name: 'br1' }],
    ports: { http: 8080, tftp: 6969, dhcp: 6767 },
    dhcp: 'off',
    loaders: '/srv/loaders',
    signedLoaders: '/srv/tandem/signed',
    offers: 5,
    maxBlockSize: 8192,
    memory: 0,
    limits: { perClient: 8, total: 100 },
    admin: { address: '10.99.0.1', port: 443, tls: { cert: '/srv/tandem/admin.crt', key: '/etc/ssl/admin.key' } }
  })
})

test('a pair has two addresses; what may be given, in how much time, has defaults', (t) => {
  const parsed = (more: string) =>
    parseConfig(`${MINIMAL}\npair: { listen: '10.99.0.1:8444', peer: '10.99.0.2:8444'${more} }\n`, 'tandem.yaml').pair
  const at = (last: number) => ({ address: `10.99.0.${last}`, port: 8444 })
  t.deepEqual(parsed(''), { listen: at(1), peer: at(2), mclt: 600, autonomy: 86_400 } as never)
  t.like(parsed(', mclt: 120, autonomy: 3600'), { mclt: 120, autonomy: 3600 })
  t.deepEqual(wrong(`${MINIMAL}\npair: { listen: 8444, peer: '10.99.0.2', mclt: 5 }\n`), [
    'tandem.yaml:2: pair.listen: must be string',
    'tandem.yaml:2: pair.mclt: must be >= 60',
    'tandem.yaml:2: pair.peer: "10.99.0.2" is not an address with a port like 127.0.0.1:8443'
  ])
})

test('without a file everything is on loopback, on ports that need no privileges', (t) => {
  const { interfaces, ports, admin, state } = embeddedConfig('/tmp/var')
  t.deepEqual(interfaces, [{ name: 'lo', address: '127.0.0.1' }])
  t.deepEqual(ports, { http: 8080, tftp: 6969, dhcp: 6767 })
  t.deepEqual(admin, { address: '127.0.0.1', port: 8443 })
  t.is(state, '/tmp/var')
})

test('all that is wrong is said at once, in the order of the lines', (t) => {
  const text = `instance: UPPER
colour: blue
provisioning:
  interfaces:
    - { name: br0, address: 10.77.0.300 }
    - { nmae: br1 }
    - 5
  http: eighty
  tftp: 70000
  dhcp:
    mode: relay
  offers: 0
  maxBlockSize: 65465
  memory: -1
  limits: { perClient: 0, all: 5 }
admin:
  listen: 8443
  tls: { cert: admin.crt }
`
  t.deepEqual(wrong(text), [
    'tandem.yaml:1: instance: must match ^[a-z0-9][a-z0-9-]{0,31}$',
    'tandem.yaml:2: colour: is not a known field',
    'tandem.yaml:5: provisioning.interfaces[0].address: "10.77.0.300" is not an IPv4 address like 10.77.0.10',
    'tandem.yaml:6: provisioning.interfaces[1].name: is missing',
    'tandem.yaml:6: provisioning.interfaces[1].nmae: is not a known field',
    'tandem.yaml:7: provisioning.interfaces[2]: must be object',
    'tandem.yaml:8: provisioning.http: must be integer',
    'tandem.yaml:9: provisioning.tftp: must be <= 65535',
    'tandem.yaml:11: provisioning.dhcp.mode: must be authoritative or proxy or off',
    'tandem.yaml:12: provisioning.offers: must be >= 1',
    'tandem.yaml:13: provisioning.maxBlockSize: must be <= 65464',
    'tandem.yaml:14: provisioning.memory: must be >= 0',
    'tandem.yaml:15: provisioning.limits.all: is not a known field',
    'tandem.yaml:15: provisioning.limits.perClient: must be >= 1',
    'tandem.yaml:17: admin.listen: must be string',
    'tandem.yaml:18: admin.tls.key: is missing'
  ])
})

for (const [rule, text, lines] of [
  ['an empty file lacks its one required part', '', ['tandem.yaml:1: provisioning: is missing']],
  ['a list is no configuration', '- br0\n', ['tandem.yaml:1: the file: must be object']],
  ['a text is no configuration', 'br0', ['tandem.yaml:1: the file: must be object']],
  [
    'there is an interface at least',
    'provisioning:\n  interfaces: []\n',
    ['tandem.yaml:2: provisioning.interfaces: must NOT have fewer than 1 items']
  ],
  [
    'a missing part is shown at what lacks it',
    'instance: a\nprovisioning:\n  http: 80\n',
    ['tandem.yaml:2: provisioning.interfaces: is missing']
  ],
  [
    'broken YAML is shown with its line',
    `${MINIMAL}\nadmin:\n  listen: [\n`,
    ['tandem.yaml:4: Flow sequence in block collection must be sufficiently indented and end with a ]']
  ],
  ['a key that stands twice is an error', 'log: info\nlog: debug\n', ['tandem.yaml:2: Map keys must be unique']],
  [
    'an alias without its anchor is shown with its line',
    `${MINIMAL}\nlog: *level\n`,
    ['tandem.yaml:2: *level has no anchor &level before it']
  ],
  [
    'a second document is an error',
    `${MINIMAL}\n---\nlog: info\n`,
    ['tandem.yaml:2: Source contains multiple documents; please use YAML.parseAllDocuments()']
  ]
] as const) {
  test(rule, (t) => t.deepEqual(wrong(text), lines))
}

for (const listen of [
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  'localhost:8443',
  ':8443',
  '::1:8443'
]) {
  test(`admin.listen "${listen}" is no IPv4 address with a port`, (t) => {
    const lines = wrong(`${MINIMAL}\nadmin: { listen: '${listen}' }\n`)
    t.is(lines.length, 1)
    t.regex(lines[0] ?? '', /^tandem\.yaml:2: admin\.listen: ".*" is not an /)
  })
}

test('in mode proxy there must be room for the second port', (t) => {
  const withPort = (port: number, mode: string) =>
    wrong(`provisioning:\n  interfaces: [{ name: br0 }]\n  dhcp:\n    port: ${port}\n    mode: ${mode}\n`)
  t.deepEqual(withPort(61_591, 'proxy'), [])
  t.deepEqual(withPort(61_592, 'authoritative'), [])
  t.deepEqual(withPort(61_592, 'proxy'), [
    'tandem.yaml:4: provisioning.dhcp.port: must be <= 61591 in mode proxy, which also serves the port 3944 above'
  ])
})

test('an anchor may be used: aliases are YAML', (t) => {
  const text = 'instance: &name b\nprovisioning: { interfaces: [{ name: *name }] }\n'
  t.deepEqual(parseConfig(text, 'tandem.yaml').interfaces, [{ name: 'b' }])
})

test('a file that is not there is said in one line, with the command that writes one', (t) => {
  const error = t.throws(() => loadConfig('/nowhere/tandem.yaml'), { instanceOf: FileError })
  t.is(error?.message, '/nowhere/tandem.yaml: cannot be read (ENOENT): `tandem init` writes one')
})

test('a file is read from disk under the name it was given', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'tandem.yaml')
  writeFileSync(path, `${MINIMAL}\nstate: here\n`)
  t.is(loadConfig(path).state, join(folder, 'here'))
  writeFileSync(path, `${MINIMAL}\nlog: loud\n`)
  t.throws(() => loadConfig(path), { message: `${path}:2: log: must be debug or info or warn` })
})

test('the example file is right', (t) => {
  t.notThrows(() => loadConfig(join(import.meta.dirname, '..', 'examples', 'tandem.yaml')))
})
