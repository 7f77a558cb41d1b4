import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { FileStore } from '../../src/inventory/files.ts'
import { FileSync, type Incoming } from '../../src/pair/files.ts'
import { eventually } from '../daemon/eventually.ts'
import { change, image, openStore } from '../support/inventory.ts'
import { tempFolder } from '../support/temp-folder.ts'

const BYTES = Buffer.from('a kernel')
const sha256 = createHash('sha256').update(BYTES).digest('hex')

/** An instance whose one image names a file that it lacks. @param there what the other instance sends; undefined: it hasn't got it. */
async function lacking(t: ExecutionContext, there: () => Incoming | undefined) {
  const store = await FileStore.open(tempFolder(t), () => true)
  const { inventory, ...rest } = openStore()
  const file = { name: 'linux', sha256, size: BYTES.length }
  await change({ inventory }, (draft) => draft.putImage({ ...image('debian-12'), kernel: file }))
  const told: string[] = []
  const sync = new FileSync({ store, inventory, fetch: async () => there(), tell: (message) => told.push(message) })
  t.teardown(() => sync.close())
  return { ...rest, store, sync, told }
}

const incoming = (content: Iterable<Buffer>): Incoming => ({ size: BYTES.length, content: Readable.from(content) })

test('a file that an image names is fetched, and is there whole', async (t) => {
  const { store, sync, told } = await lacking(t, () => incoming([BYTES.subarray(0, 3), BYTES.subarray(3)]))
  t.is(sync.missing, 1)
  sync.look()
  await eventually(t, (tt) => tt.is(sync.missing, 0))
  t.is(store.size(sha256), BYTES.length)
  await eventually(t, (tt) => tt.deepEqual(told, ['linux (8 bytes) was fetched from the other instance']))
  t.is(sync.progress, undefined)
})

test('one that the other instance has is known to be there until it is here; what comes wrong is not kept', async (t) => {
  const { store, sync, told } = await lacking(t, () => incoming([Buffer.from('rubbish!')]))
  sync.look()
  await eventually(t, (tt) => tt.regex(told.join(), /linux couldn't be fetched from the other instance: /))
  t.is(store.size(sha256), undefined)
  t.is(store.sizeAtPeer(sha256), BYTES.length)
  t.is(sync.missing, 1)
})

test("one that the other instance hasn't got is not there", async (t) => {
  const { store, sync } = await lacking(t, () => undefined)
  sync.look()
  await new Promise((resolve) => setImmediate(resolve))
  t.is(store.sizeAtPeer(sha256), undefined)
  t.is(sync.missing, 1)
})
