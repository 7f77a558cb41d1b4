import test from 'ava'
import { MalformedPacket } from '../../src/dhcp/malformed.ts'
import { entry, read, readIfValid } from '../../src/dhcp/options.ts'
import { parseIpv4 } from '../../src/net/ipv4.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import { fromHex } from './vectors.ts'

test('an option that is absent is undefined; one that is malformed is an error that names it', (t) => {
  t.is(read(new Map(), OPTION.leaseTime), undefined)
  t.is(read(new Map([entry(OPTION.leaseTime, 60)]), OPTION.leaseTime), 60)
  t.throws(() => read(new Map([[51, fromHex('0e10')]]), OPTION.leaseTime), {
    instanceOf: MalformedPacket,
    code: 'option-value',
    message: 'option 51 (dhcp-lease-time): 2 bytes, not 4'
  })
})

test('an option that an answer can do without is left out when it is malformed, and the reason told', (t) => {
  const reasons: string[] = []
  const options = new Map([[97, fromHex('02')]])
  t.is(
    readIfValid(options, OPTION.machineId, (error) => reasons.push(error.message)),
    undefined
  )
  t.deepEqual(reasons, ['option 97 (uuid-guid): type 2; only 0, a GUID, is defined'])
})

test('sub-options of the relay agent are read by the same rules', (t) => {
  const information = OPTION.relayAgent.kind.read(fromHex('0103627231 1300 0504 0a580001'))
  t.true(read(information, RELAY_AGENT.sourcePort))
  t.is(read(information, RELAY_AGENT.linkSelection), parseIpv4('10.88.0.1'))
})
