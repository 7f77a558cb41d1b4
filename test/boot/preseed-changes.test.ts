import test, { type ExecutionContext } from 'ava'
import type { Renderer } from '../../src/boot/render.ts'
import { BootRefusal } from '../../src/boot/service.ts'
import { act } from '../../src/inventory/actions.ts'
import { GLOBAL } from '../../src/inventory/model.ts'
import { type Boot, installable, installing, openBoot, powerOn, told } from '../support/boot.ts'
import { change, image, OWN, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const DB1 = ip('10.77.0.4')

/** A machine with an open install file that was read already, and how often it was rendered. */
async function opened(t: ExecutionContext) {
  const state = { rendered: 0 }
  const renderer: Renderer = {
    render(template, context) {
      if (template.startsWith('preseed')) state.rendered += 1
      return JSON.stringify({ template, ...context })
    }
  }
  const boot = await openBoot(t, { renderer })
  const token = await installing(boot)
  const read = (server = OWN) => boot.service.preseed(token, DB1, server).text
  read()
  return { boot, token, read, state }
}

test('an install file that is read again is rendered once, and its bytes are its text', async (t) => {
  const { boot, token, read, state } = await opened(t)
  const first = read()
  for (let count = 0; count < 10; count += 1) t.is(read(), first)
  t.is(state.rendered, 1)
  t.is(boot.service.preseed(token, DB1, OWN).text, first)
})

const of = (boot: Boot) => ({
  machine: boot.inventory.need('machine', 'db-1'),
  role: boot.inventory.need('role', 'db'),
  image: boot.inventory.need('image', 'debian-12'),
  subnet: boot.inventory.need('subnet', '10.77.0.0/24')
})

for (const [what, edit] of [
  [
    "the machine's var",
    (boot) => change(boot, (draft) => draft.putMachine({ ...of(boot).machine, vars: { locale: 'de_DE.UTF-8' } }))
  ],
  [
    "the machine's disk",
    (boot) => change(boot, (draft) => draft.putMachine({ ...of(boot).machine, disk: '/dev/sdb' }))
  ],
  ["the role's var", (boot) => change(boot, (draft) => draft.putRole({ ...of(boot).role, vars: { user: 'ann' } }))],
  [
    "the machine's role",
    (boot) =>
      change(boot, (draft) => {
        draft.putRole({ ...of(boot).role, name: 'web' })
        draft.putMachine({ ...of(boot).machine, role: 'web' })
      })
  ],
  [
    "the image's var",
    (boot) =>
      change(boot, (draft) => draft.putImage({ ...of(boot).image, vars: { mirror_host: 'mirror.example.org' } }))
  ],
  [
    "the machine's image",
    (boot) =>
      change(boot, (draft) => {
        draft.putImage(image('debian-13'))
        draft.putMachine({ ...of(boot).machine, image: 'debian-13' })
      })
  ],
  [
    "the subnet's domain",
    (boot) => change(boot, (draft) => draft.putSubnet({ ...of(boot).subnet, domain: 'example.net' }))
  ],
  [
    'the global var',
    (boot) =>
      change(boot, (draft) => {
        const { options, vars } = boot.inventory.get('global', GLOBAL) ?? { options: {}, vars: {} }
        draft.putGlobal({ name: GLOBAL, options, vars: { ...vars, timezone: 'Europe/Berlin' } } as never)
      })
  ]
] as [string, (boot: Boot) => Promise<unknown>][]) {
  test(`after a change of ${what} the install file is another one, at once`, async (t) => {
    const { boot, read, state } = await opened(t)
    const before = read()
    await edit(boot)
    t.not(read(), before)
    t.is(state.rendered, 2)
  })
}

test('the addresses in an install file are those that the machine reached this time', async (t) => {
  const { read } = await opened(t)
  t.is(new URL(told(read()).url.status ?? '').hostname, OWN)
  t.is(new URL(told(read(ip('10.77.0.2'))).url.status ?? '').hostname, '10.77.0.2')
  t.is(new URL(told(read()).url.status ?? '').hostname, OWN)
})

test('each token is in its own file alone', async (t) => {
  const { boot, token, read } = await opened(t)
  const other = await powerOn(boot)
  t.not(other, token)
  t.true(boot.service.preseed(other, DB1, OWN).text.includes(other))
  t.false(read().includes(other))
})

test('an address that spoke for the machine reads nothing once it does not', async (t) => {
  const boot = await openBoot(t)
  const elsewhere = { cidr: '10.99.0.0/24', gateway: '10.99.0.254', pools: [] }
  await change(boot, (draft) => draft.putSubnet(subnet(elsewhere)))
  await installable(boot, { interfaces: [{ mac: mac(1), ipv4: ip('10.99.0.4'), subnet: null }] })
  await act(boot.inventory, 'db-1', 'install', 'ann')
  const token = await powerOn(boot)
  const leased = boot.leases.activeOfMac(mac(1))?.address ?? DB1
  t.is(leased, ip('10.77.0.100'))
  boot.speakers.allow(ip('127.0.0.1'), mac(1), 1000)
  for (const from of [leased, ip('127.0.0.1')]) t.notThrows(() => boot.service.preseed(token, from, OWN))
  boot.clock.advance(100_000_000)
  for (const from of [leased, ip('127.0.0.1')]) {
    const error = t.throws(() => boot.service.preseed(token, from, OWN), { instanceOf: BootRefusal })
    t.is(error.code, 'wrong-source')
  }
})
