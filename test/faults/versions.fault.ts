import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { TREE } from './lab/instance.ts'
import { inLab, inState, type Lab, pair } from './lab/lab.ts'
import { sameOnBoth } from './lab/same.ts'

/** A copy of the program that has no place for the note of a role: what a version before there was one would be. */
async function olderProgram(folder: string): Promise<string> {
  const tree = join(folder, 'older')
  await mkdir(tree)
  for (const part of ['bin', 'src', 'boot-templates', 'package.json']) {
    await cp(join(TREE, part), join(tree, part), { recursive: true })
  }
  await symlink(join(TREE, 'node_modules'), join(tree, 'node_modules'))
  const file = join(tree, 'src/inventory/tables.ts')
  const text = await readFile(file, 'utf8')
  const older = text.replace("role: [...['class', 'kind', 'note', 'image']", "role: [...['class', 'kind', 'image']")
  if (older === text) throw new Error('the columns of a role are not where they were')
  await writeFile(file, older)
  return tree
}

const before = async ({ a, folder }: Lab) => {
  a.setup.tree = await olderProgram(folder)
}

test.serial(
  'mixed versions: what the older one does not know it keeps and forwards, and knows once it is upgraded',
  inLab(
    async (t, lab) => {
      const { a, b } = lab
      const note = async (at: typeof a, name: string) =>
        (await at.client.json<{ note?: string }>('GET', `/roles/${name}`)).note
      await pair(lab)
      const written = await b.client.json<{ replicated: boolean }>('POST', '/roles', { name: 'web', note: 'new' })
      t.true(written.replicated)
      t.is(await note(a, 'web'), undefined)
      t.is(await note(b, 'web'), 'new')

      await a.client.json('PATCH', '/roles/web', { kind: 'physical' })

      // B's inventory is dropped: all that it gets back is what a has.
      await b.client.json('POST', '/pair/leave', {})
      await a.until('UNPAIRED')
      await pair(lab)
      t.is(await note(b, 'web'), 'new')

      await a.stop()
      a.setup.tree = TREE
      await a.start()
      await inState('NORMAL', a, b)
      t.is(await note(a, 'web'), 'new')
      await sameOnBoth(t, lab)
    },
    { before }
  )
)
