import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
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

test('a loader is opened by its name', async (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'ipxe.efi'), 'loader')
  const { handle, size } = await new Loaders(path).open('ipxe.efi')
  t.is(size, 6)
  t.is(await handle.readFile('utf8'), 'loader')
  await handle.close()
})

for (const name of ['../secret', '/../secret', '..\\secret', 'link', '', 'nothing', '.']) {
  test(`nothing outside of the folder is a loader: "${name}"`, async (t) => {
    const path = folder(t)
    symlinkSync('../secret', join(path, 'link'))
    await t.throwsAsync(new Loaders(path).open(name), { instanceOf: NoSuchFile })
  })
}

test('the loaders for x86 that are not there are told with their package; arm64 ones are no loss', async (t) => {
  const path = folder(t)
  const missing = async () => (await new Loaders(path).missing()).map((each) => each.file)
  t.deepEqual(await missing(), ['undionly.kpxe', 'ipxe.efi'])
  writeFileSync(join(path, 'ipxe.efi'), 'x')
  t.deepEqual(await new Loaders(path).missing(), [{ file: 'undionly.kpxe', package: 'ipxe' }])
  writeFileSync(join(path, 'undionly.kpxe'), 'x')
  t.deepEqual(await missing(), [])
  t.deepEqual((await new Loaders(join(path, 'gone')).missing()).length, 2)
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
