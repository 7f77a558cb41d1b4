import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { restore } from '../../src/restore.ts'
import { inState, onPair } from './lab/lab.ts'
import { Load } from './lab/load.ts'

const ENOUGH = 10

test.serial(
  "an earlier copy of b's state folder is put back: b notices, takes a new origin, and lacks nothing in the end",
  onPair(async (t, lab) => {
    const { a, b, folder } = lab
    const copy = join(folder, 'copy')
    const load = await Load.open(lab)
    await load.some('replicated', ENOUGH)
    await b.stop()
    await a.until('COMM_INT')
    await cp(b.state, copy, { recursive: true })
    await b.start()
    await inState('NORMAL', a, b)
    await load.some('replicated', ENOUGH)
    await b.stop()
    await a.until('COMM_INT')
    await rm(b.state, { recursive: true })
    await cp(copy, b.state, { recursive: true })
    await b.start()
    await inState('NORMAL', a, b)
    t.regex(await b.log(), /older copy of itself: it begins anew from a/)
    await load.some('replicated', ENOUGH)
    await load.assertKept(t)
  })
)

test.serial(
  'a backup of b is restored on it: it begins under a new origin, and gets what both wrote since',
  onPair(async (t, lab) => {
    const { a, b, folder } = lab
    const file = join(folder, 'backup')
    const load = await Load.open(lab)
    await load.some('replicated', ENOUGH)
    await b.client.save('/backup', file)
    await load.some('replicated', ENOUGH)
    await b.stop()
    await a.until('COMM_INT')
    restore(file, b.state)
    await b.start()
    await inState('NORMAL', a, b)
    t.notRegex(await b.log(), /older copy of itself/, 'nothing it writes is taken for what it wrote before')
    await load.some('replicated', ENOUGH)
    await load.assertKept(t)
  })
)
