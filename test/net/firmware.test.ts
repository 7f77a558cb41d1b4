import test from 'ava'
import { FIRMWARE, FIRMWARE_NAMES, firmwareByArchitecture, firmwareByName } from '../../src/net/firmware.ts'

for (const [type, name] of [
  [0, 'bios'],
  [7, 'uefi-x64'],
  [9, 'uefi-x64'],
  [11, 'uefi-arm64'],
  [16, 'uefi-http'],
  [19, 'uefi-http-arm64'],
  [6, 'unsupported'],
  [65535, 'unsupported']
] as const) {
  test(`architecture ${type} is ${name}`, (t) => t.is(firmwareByArchitecture(type).name, name))
}

test('no name and no architecture stands for two', (t) => {
  const architectures = FIRMWARE.flatMap((firmware) => firmware.architectures)
  t.is(new Set(FIRMWARE_NAMES).size, FIRMWARE.length)
  t.is(new Set(architectures).size, architectures.length)
})

test('each name leads to its own row, and every firmware with an architecture has a loader', (t) => {
  for (const name of FIRMWARE_NAMES) t.is(firmwareByName(name).name, name)
  for (const { architectures, loader } of FIRMWARE) t.is(loader !== undefined, architectures.length > 0)
})
