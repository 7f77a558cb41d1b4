import { join } from 'node:path'
import test from 'ava'
import { drillEmbedded } from '../../src/cli/drill/drill.ts'
import { startPair } from '../../src/cli/drill/embedded.ts'
import { FAULTS } from '../../src/cli/drill/report.ts'
import { drillRunning } from '../../src/cli/drill/running.ts'

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

test.serial('a drill on a running pair drains one instance, loses nothing, and leaves nothing behind', async (t) => {
  t.timeout(240_000)
  const pair = await startPair(BINARY)
  t.teardown(() => pair.close())
  const { client } = pair.b
  await client.json('POST', '/subnets', { cidr: '10.77.0.0/16', gateway: '10.77.0.1' })
  const told: string[] = []
  const report = await drillRunning(client, 6, (line) => told.push(line))
  t.like(report, { fault: 'drain', boots: 6, bootsLost: 0, writesLost: 0 }, told.join('\n'))
  t.true(report.writes > 0)
  t.like(await client.json('GET', '/pair'), { state: 'NORMAL', draining: null })
  t.like(await client.json('GET', '/machines'), { total: 0 })
})
