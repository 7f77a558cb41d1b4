import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import anyTest, { type TestFn } from 'ava'
import { NoSuchFile, resolveConfined } from '../../src/net/confined.ts'

const test = anyTest as TestFn<{ folder: string; root: string; outside: string }>

test.beforeEach(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'confined-'))
  const [root, outside] = [join(folder, 'root'), join(folder, 'outside')]
  await mkdir(join(root, 'grub'), { recursive: true })
  await writeFile(join(root, 'ipxe.efi'), 'loader')
  await writeFile(join(root, 'grub', 'grub.cfg'), 'set timeout=0')
  await writeFile(outside, 'secret')
  t.context = { folder, root, outside }
})

test.afterEach.always((t) => rm(t.context.folder, { recursive: true }))

async function content(root: string, name: string, alsoAllowed?: string[]): Promise<string> {
  return readFile(await resolveConfined(root, name, alsoAllowed), 'utf8')
}

for (const [name, expected] of [
  ['ipxe.efi', 'loader'],
  ['/ipxe.efi', 'loader'],
  ['//./ipxe.efi', 'loader'],
  ['\\ipxe.efi', 'loader'],
  ['grub/grub.cfg', 'set timeout=0'],
  ['grub\\grub.cfg', 'set timeout=0'],
  ['IPXE.EFI', 'loader'],
  ['\\GRUB\\Grub.cfg', 'set timeout=0']
] as const) {
  test(`firmware's spelling ${name} is a file below the folder`, async (t) => {
    t.is(await content(t.context.root, name), expected)
  })
}

for (const name of [
  '',
  '/',
  '../outside',
  'grub/../../outside',
  '..\\outside',
  'absent',
  'ipxe.efi/x',
  'ipxe.efi/',
  'IPXE.EFI/x',
  'ipxe.efi\0'
]) {
  test(`${JSON.stringify(name)} is no file, and the message doesn't tell where the folder is`, async (t) => {
    const error = await t.throwsAsync(resolveConfined(t.context.root, name), { instanceOf: NoSuchFile })
    t.false(error.message.includes(t.context.root))
  })
}

test('of names that differ in case, the one that was asked for is found, and none where several could be meant', async (t) => {
  const { root } = t.context
  await writeFile(join(root, 'IPXE.efi'), 'another')
  t.is(await content(root, 'ipxe.efi'), 'loader')
  t.is(await content(root, 'IPXE.efi'), 'another')
  await t.throwsAsync(resolveConfined(root, 'IPXE.EFI'), { instanceOf: NoSuchFile, message: 'not found (ENOENT)' })
})

test('a link out of the folder is none in another case either', async (t) => {
  const { root, outside } = t.context
  await symlink(outside, join(root, 'escape'))
  await symlink('..', join(root, 'up'))
  await t.throwsAsync(resolveConfined(root, 'ESCAPE'), { instanceOf: NoSuchFile })
  await t.throwsAsync(resolveConfined(root, 'UP/outside'), { instanceOf: NoSuchFile })
  await t.throwsAsync(resolveConfined(root, 'up/OUTSIDE'), { instanceOf: NoSuchFile })
})

test('a file is told by its path without links, however it was asked for', async (t) => {
  const { root } = t.context
  await symlink(root, `${root}-link`)
  t.is(await resolveConfined(`${root}-link`, 'Ipxe.EFI'), join(root, 'ipxe.efi'))
})

test('a symbolic link may lead about the folder, not out of it', async (t) => {
  const { root, outside } = t.context
  await symlink(join(root, 'ipxe.efi'), join(root, 'inside.efi'))
  await symlink(outside, join(root, 'escape'))
  await symlink('..', join(root, 'up'))
  t.is(await content(root, 'inside.efi'), 'loader')
  await t.throwsAsync(resolveConfined(root, 'escape'), { instanceOf: NoSuchFile })
  await t.throwsAsync(resolveConfined(root, 'up/outside'), { instanceOf: NoSuchFile })
})

test('a link out of the folder is followed where its target is allowed by name', async (t) => {
  const { root, outside } = t.context
  await symlink(outside, join(root, 'allowed'))
  t.is(await content(root, 'allowed', [outside]), 'secret')
})

test("a folder beside the root whose name begins with the root's is outside", async (t) => {
  const { root } = t.context
  await writeFile(`${root}-other`, 'secret')
  await symlink(`${root}-other`, join(root, 'sibling'))
  await t.throwsAsync(resolveConfined(root, 'sibling'), { instanceOf: NoSuchFile })
})

test('a root that is a symbolic link itself is no obstacle', async (t) => {
  const { root } = t.context
  await symlink(root, `${root}-link`)
  t.is(await content(`${root}-link`, 'ipxe.efi'), 'loader')
})
