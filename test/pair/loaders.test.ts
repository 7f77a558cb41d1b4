import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { LoaderSync } from '../../src/pair/loaders.ts'
import { eventually } from '../daemon/eventually.ts'
import { tempFolder } from '../support/temp-folder.ts'

const NAMES = ['undionly.kpxe', 'ipxe.efi']

/** An instance that lacks what is not in its own folder, and another one that has both. */
function pair(t: ExecutionContext, own: Readonly<Record<string, string>>) {
  const [here, there] = [tempFolder(t), tempFolder(t)]
  const put = (folder: string, name: string, text: string) => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  for (const name of NAMES) put(join(there, 'own'), name, `its ${name}`)
  for (const [name, text] of Object.entries(own)) put(join(here, 'own'), name, text)
  const told: string[] = []
  const sync = (root: string, other?: LoaderSync) => {
    const made = new LoaderSync({
      names: NAMES,
      own: async (name) => [join(root, 'own', name)].find((path) => existsSync(path)),
      folder: join(root, 'received'),
      list: async () => other?.offer(),
      async fetch(name) {
        const found = await other?.find(name)
        return found && { size: found.size, content: createReadStream(found.path) }
      },
      tell: (message) => told.push(message)
    })
    t.teardown(() => made.close())
    return made
  }
  const other = sync(there)
  const received = (name: string) => {
    const path = join(here, 'received', name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }
  return { loaders: sync(here, other), other, told, received, there: join(there, 'own'), put }
}

test('what this instance has none of is fetched; its own stays what it serves', async (t) => {
  const { loaders, received, told } = pair(t, { 'ipxe.efi': 'own' })
  loaders.look()
  await eventually(t, (tt) => tt.is(received('undionly.kpxe'), 'its undionly.kpxe'))
  t.is(received('ipxe.efi'), undefined)
  await eventually(t, (tt) => tt.is(loaders.elsewhere.size, 0))
  t.deepEqual(told, ['loader undionly.kpxe (17 bytes) was fetched from the other instance'])
})

test('until it is here it is known to be there; what changed there is fetched again', async (t) => {
  const { loaders, other, received, there, put } = pair(t, {})
  const offer = other.offer.bind(other)
  other.offer = async () => [...(await offer()), { name: '../secret', sha256: '' }]
  const find = other.find.bind(other)
  other.find = async () => undefined
  loaders.look()
  await eventually(t, (tt) => tt.deepEqual([...loaders.elsewhere], NAMES))
  other.find = find
  await eventually(t, (tt) => {
    loaders.look()
    tt.is(received('ipxe.efi'), 'its ipxe.efi')
  })
  put(there, 'ipxe.efi', 'newer')
  await eventually(t, (tt) => {
    loaders.look()
    tt.is(received('ipxe.efi'), 'newer')
  })
})

test('what comes with another content than was told of is not kept', async (t) => {
  const { loaders, other, received, told } = pair(t, {})
  other.offer = async () => [{ name: 'ipxe.efi', sha256: '00' }]
  loaders.look()
  await eventually(t, (tt) => tt.regex(told.join(), /ipxe\.efi came with another content/))
  t.is(received('ipxe.efi'), undefined)
  t.true(loaders.elsewhere.has('ipxe.efi'))
})

test('nothing but loaders is given', async (t) => {
  const { other } = pair(t, {})
  t.is(await other.find('../received/x'), undefined)
  t.deepEqual(
    (await other.offer()).map(({ name }) => name),
    NAMES
  )
})
