import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Loaders } from '../../src/boot/loaders.ts'
import { NoSuchFile } from '../../src/net/confined.ts'
import { tempFolder } from '../support/temp-folder.ts'

function folder(t: ExecutionContext) {
  const root = tempFolder(t)
  const path = join(root, 'loaders')
  mkdirSync(path)
  writeFileSync(join(root, 'secret'), 'secret')
  return path
}

test('a loader is found by its name: its own first, then what came from the other instance', async (t) => {
  const path = folder(t)
  const received = join(path, '..', 'received')
  mkdirSync(received)
  const loaders = new Loaders(path, received)
  writeFileSync(join(received, 'ipxe.efi'), 'received')
  t.true(loaders.has('ipxe.efi'))
  t.is(readFileSync(await loaders.resolve('ipxe.efi'), 'utf8'), 'received')
  await t.throwsAsync(loaders.own('ipxe.efi'), { instanceOf: NoSuchFile })
  writeFileSync(join(path, 'ipxe.efi'), 'own')
  t.is(readFileSync(await loaders.resolve('ipxe.efi'), 'utf8'), 'own')
})

for (const name of ['../secret', '/../secret', '..\\secret', 'link', '', 'nothing', '.']) {
  test(`nothing outside of the folders is a loader: "${name}"`, async (t) => {
    const path = folder(t)
    const received = join(path, '..', 'received')
    mkdirSync(received)
    for (const each of [path, received]) symlinkSync('../secret', join(each, 'link'))
    const loaders = new Loaders(path, received)
    await t.throwsAsync(loaders.resolve(name), { instanceOf: NoSuchFile })
    await t.throwsAsync(loaders.own(name), { instanceOf: NoSuchFile })
  })
}

test('the loaders for x86 that are not there are told with their package; arm64 ones are no loss', (t) => {
  const path = folder(t)
  const missing = () => new Loaders(path).missing().map((each) => each.file)
  t.deepEqual(missing(), ['undionly.kpxe', 'ipxe.efi'])
  writeFileSync(join(path, 'ipxe.efi'), 'x')
  t.deepEqual(new Loaders(path).missing(), [{ file: 'undionly.kpxe', package: 'ipxe' }])
  writeFileSync(join(path, 'undionly.kpxe'), 'x')
  t.deepEqual(missing(), [])
  t.deepEqual(new Loaders(join(path, 'gone')).missing().length, 2)
})

for (const [name, file] of [
  ['ipxe.efi', 'ipxe.efi'],
  ['UNDIONLY.KPXE', 'undionly.kpxe'],
  ['snponly.efi', 'snponly.efi'],
  ['pxelinux.0', undefined]
] as const) {
  test(`${name} is ${file === undefined ? 'no loader that a firmware is told of' : 'a loader of a package'}`, (t) => {
    t.is(new Loaders('/nowhere').named(name)?.file, file)
  })
}
