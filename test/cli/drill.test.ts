import { join } from 'node:path'
import test from 'ava'
import { drillEmbedded, FAULTS } from '../../src/cli/drill/drill.ts'

const BINARY = join(import.meta.dirname, '../../bin/tandem')

for (const fault of FAULTS) {
  test.serial(`a drill loses no boot and no acknowledged write: ${fault}`, async (t) => {
    t.timeout(240_000)
    const told: string[] = []
    const report = await drillEmbedded(BINARY, fault, 6, (line) => told.push(line))
    t.like(report, { fault, boots: 6, bootsLost: 0, writesLost: 0 }, told.join('\n'))
    t.true(report.writes > 0)
  })
}
