import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { decodedText, GOLDEN, goldenPath } from './golden.ts'

/**
 * Real packets as text. Who changes how they are decoded runs `UPDATE_GOLDEN=1 npx ava test/dhcp/golden.test.ts`
 * and reads what became of the texts.
 */
for (const [name, packets] of GOLDEN) {
  test(`${name}: its packets decode to the golden text`, (t) => {
    const text = packets.map(({ title, payload }) => `# ${title}\n${decodedText(payload)}\n`).join('\n')
    if (process.env.UPDATE_GOLDEN) writeFileSync(goldenPath(name), text)
    t.true(packets.length > 1)
    t.is(text, readFileSync(goldenPath(name), 'utf8'))
  })
}

test('every golden text is of a vector or a capture', (t) => {
  const files = Array.from(GOLDEN.keys(), (name) => `${name}.txt`)
  t.deepEqual(readdirSync(goldenPath('.').replace(/\/[^/]*$/, '')).sort(), files.sort())
})
