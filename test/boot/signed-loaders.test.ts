import { realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { isDispensable, SignedLoaders } from '../../src/boot/signed-loaders.ts'
import { NoSuchFile } from '../../src/net/confined.ts'
import { tempFolder } from '../support/temp-folder.ts'

test("Debian's names are served under those that firmware and shim ask for, and no other file of the folder is", async (t) => {
  const folder = tempFolder(t)
  for (const name of ['bootnetx64.efi', 'grubx64.efi', 'linux']) writeFileSync(join(folder, name), `the ${name}`)
  const signed = new SignedLoaders(folder)
  for (const [name, file] of [
    ['grub/shimx64.efi', 'bootnetx64.efi'],
    ['grub/grubx64.efi', 'grubx64.efi'],
    ['grubx64.efi', 'grubx64.efi']
  ] as const) {
    t.is(await signed.resolve(name), join(realpathSync(folder), file))
  }
  for (const name of ['linux', 'bootnetx64.efi', '../grubx64.efi', 'constructor', ''])
    t.is(signed.resolve(name), undefined)
})

test('the first file that is not there is told by its path', async (t) => {
  const folder = tempFolder(t)
  const signed = new SignedLoaders(folder)
  t.is(signed.missing(), join(folder, 'bootnetx64.efi'))
  await t.throwsAsync(async () => signed.resolve('grub/shimx64.efi'), { instanceOf: NoSuchFile })
  writeFileSync(join(folder, 'bootnetx64.efi'), 'x')
  t.is(signed.missing(), join(folder, 'grubx64.efi'))
  writeFileSync(join(folder, 'grubx64.efi'), 'x')
  t.is(signed.missing(), undefined)
})

test('what shim and GRUB ask for and can do without is known', (t) => {
  const lists = ['command', 'fs', 'crypto', 'terminal'].map(
    (name) => `debian-installer/amd64/grub/x86_64-efi/${name}.lst`
  )
  const files = ['revocations_sku.efi', 'grub/revocations_sbat.efi', 'grub/shim_certificate_0.efi', ...lists]
  for (const name of files) t.true(isDispensable(name), name)
  for (const name of ['grub/grubx64.efi', 'ipxe.efi', 'x/revocations_sku.efi.bak', 'grub.cfg'])
    t.false(isDispensable(name))
})
