import { readFile } from 'node:fs/promises'
import test from 'ava'
import { PROBES, row } from './packages.ts'

// One at a time: each starts a process.
for (const probe of PROBES) {
  test.serial(`${probe.package}: ${probe.claim}: ${probe.how}`, async (t) => {
    t.is(await probe.run(), probe.seen)
  })
}

test('the decision page shows each row as it is measured', async (t) => {
  const page = await readFile(new URL('../../docs/decisions/001-own-protocol-engines.md', import.meta.url), 'utf8')
  for (const probe of PROBES) t.true(page.includes(row(probe)), row(probe))
})
