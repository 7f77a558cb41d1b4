import test from 'ava'
import { type ClassifiedClient, matchingClasses } from '../../src/boot/classes.ts'
import type { ClassInput } from '../../src/inventory/inputs.ts'
import { classFrom } from '../../src/inventory/normalize-class.ts'
import { firmwareByName } from '../../src/net/firmware.ts'
import { ip, mac } from '../support/values.ts'

type Match = ClassInput['match']
const classOf = (match: Match, name = 'c') => classFrom({ name, match })

const FIRMWARE: ClassifiedClient = {
  mac: mac(10),
  firmware: firmwareByName('uefi-x64'),
  architectures: [7, 9],
  vendorClass: 'PXEClient:Arch:00007:UNDI:003016',
  userClasses: ['lab', 'iPXE'],
  relay: ip('10.88.0.1')
}
/** An operating system on the server's own link, that tells nothing of itself. */
const OS: ClassifiedClient = { mac: mac(10), firmware: firmwareByName('os'), architectures: [], userClasses: [] }

for (const [rule, match, of] of [
  ['its firmware', { firmware: ['bios', 'uefi-x64'] }, true],
  ['another firmware', { firmware: ['bios'] }, false],
  ['any of its architectures', { architecture: [9] }, true],
  ['another architecture', { architecture: [0, 11] }, false],
  ['the beginning of its vendor class', { vendorClass: 'PXEClient' }, true],
  ['all of its vendor class', { vendorClass: 'PXEClient:Arch:00007:UNDI:003016' }, true],
  ['a part of its vendor class', { vendorClass: 'Arch:00007' }, false],
  ['one of its user classes', { userClass: 'iPXE' }, true],
  ['the beginning of a user class', { userClass: 'iPX' }, false],
  ['its relay agent', { relay: '10.88.0.1' }, true],
  ['a relay agent whose address begins alike', { relay: '10.88.0.11' }, false],
  ["its relay agent's network", { relay: '10.88.0.0/30' }, true],
  ['a network beside it', { relay: '10.88.0.4/30' }, false],
  ['the beginning of its MAC', { mac: '52:54' }, true],
  ['its MAC', { mac: '5254.0000.000a' }, true],
  ['another MAC', { mac: '52:55' }, false],
  ['all conditions, that hold', { firmware: ['uefi-x64'], mac: '52:54:00', userClass: 'lab' }, true],
  ['all conditions, of which one does not hold', { firmware: ['uefi-x64'], mac: '52:54:00', userClass: 'x' }, false]
] as [string, Match, boolean][]) {
  test(`a client is ${of ? '' : 'not '}of a class that asks for ${rule}`, (t) => {
    t.is(matchingClasses([classOf(match)], FIRMWARE).length, Number(of))
  })
}

for (const match of [
  { architecture: [0, 7] },
  { vendorClass: 'P' },
  { userClass: 'iPXE' },
  { relay: '0.0.0.0/0' }
] as Match[]) {
  test(`a client that tells nothing of it is of no class that asks for ${Object.keys(match)}`, (t) => {
    t.deepEqual(matchingClasses([classOf(match)], OS), [])
  })
}

test('classes apply by name, in whatever order they were made', (t) => {
  const classes = ['b', 'a10', 'a', 'a2'].map((name) => classOf({ mac: '52' }, name))
  const others = [classOf({ mac: '53' }, 'a1')]
  t.deepEqual(
    matchingClasses([...classes, ...others], OS).map(({ name }) => name),
    ['a', 'a10', 'a2', 'b']
  )
})
