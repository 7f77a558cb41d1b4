import test from 'ava'
import { prepare } from '../../src/cli/drill/site.ts'
import { waitFor } from '../e2e/lab/wait.ts'
import type { Instance } from './lab/instance.ts'
import { inLab, inState, type Lab, pair } from './lab/lab.ts'
import { BootedMachine, markerIn } from './lab/machine.ts'
import { addressOf } from './lab/networks.ts'
import { sameOnBoth } from './lab/same.ts'

/** A pair with machines that are to be installed, and with their image's files on both. */
async function requested(lab: Lab, count: number): Promise<{ name: string; machine: BootedMachine }[]> {
  await pair(lab)
  const boots = await prepare(lab.a.client, count)
  await waitFor('b has the files', 60, async () => {
    const { files } = await lab.b.client.json<{ files: { missing: number } }>('GET', '/pair')
    return files.missing === 0
  })
  for (const { mac } of boots) {
    for (const { client } of lab.both) {
      await client.json('POST', '/simulations', { mac, address: addressOf('prov', 'tester') })
    }
  }
  return boots.map(({ name, mac }) => ({ name, machine: new BootedMachine(mac) }))
}

const stateOf = async ({ client }: Instance, name: string) =>
  (await client.json<{ state: string }>('GET', `/machines/${name}`)).state

test.serial(
  'installed as a heard while apart: the installer that b offers looks for that on the disk before it touches it',
  inLab(async (t, lab) => {
    const { a, b, networks } = lab
    const [boot] = await requested(lab, 1)
    if (!boot) return t.fail()
    const { name, machine } = boot
    await networks.cut('link', 'prov')
    await inState('COMM_INT', a, b)
    const atA = await machine.fetchInstaller('a')
    t.is(await machine.powerOn(['a']), 'installed')
    t.is(await stateOf(a, name), 'installed')
    t.is(await stateOf(b, name), 'install requested')

    const atB = await machine.fetchInstaller('b')
    t.truthy(markerIn(atA.preseed))
    t.is(markerIn(atB.preseed), markerIn(atA.preseed))
    t.is(await machine.report(atB, 'b', 'installed'), 'installed', 'the installer that found it says so')

    await networks.heal('link', 'prov')
    await inState('NORMAL', a, b)
    for (const each of [a, b]) t.is(await stateOf(each, name), 'installed')
    t.is(await machine.powerOn(), 'local')
    await sameOnBoth(t, lab)
  })
)

test.serial(
  'a killed once it had acknowledged installed: b boots the machine from its disk',
  inLab(async (t, lab) => {
    const { a, b } = lab
    const [boot] = await requested(lab, 1)
    if (!boot) return t.fail()
    t.is(await boot.machine.powerOn(), 'installed')
    await a.kill()
    t.is(await stateOf(b, boot.name), 'installed')
    await b.until('COMM_INT')
    t.is(await boot.machine.powerOn(), 'local')
  })
)

test.serial(
  'a token is good at either instance and changes nothing more once used, together and apart',
  inLab(async (t, lab) => {
    const { a, b, networks } = lab
    const [together, apart] = await requested(lab, 2)
    if (!together || !apart) return t.fail()
    const first = await together.machine.fetchInstaller('a')
    for (const [to, stage] of [
      ['b', 'installing'],
      ['a', 'installed'],
      ['b', 'installed'],
      ['a', 'installed'],
      ['b', 'partitioning']
    ] as const) {
      const state = await together.machine.report(first, to, stage)
      t.is(state, stage === 'installing' ? 'installing' : 'installed', `${stage} to ${to}`)
    }
    const second = await apart.machine.fetchInstaller('a')
    await networks.cut('link', 'prov')
    await inState('COMM_INT', a, b)
    for (const side of ['a', 'b', 'a', 'b'] as const) {
      t.is(await apart.machine.report(second, side, 'installed'), 'installed')
    }
    await networks.heal('link', 'prov')
    await inState('NORMAL', a, b)
    for (const { name } of [together, apart]) {
      for (const each of [a, b]) t.is(await stateOf(each, name), 'installed')
    }
    t.deepEqual(await a.client.json('GET', '/conflicts'), { items: [] })
    await sameOnBoth(t, lab)
  })
)
