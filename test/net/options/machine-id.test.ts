import { machineId } from '../../../src/net/options/machine-id.ts'
import { fromHex, holds, malformed, refused } from './forms.ts'

holds(machineId, {
  value: '4c4c4544-0042-3510-8051-b4c04f4e4331',
  // Type 0; the first three parts of the GUID are little-endian, the last two aren't.
  bytes: fromHex('00 44454c4c 4200 1035 8051 b4c04f4e4331'),
  json: '4c4c4544-0042-3510-8051-b4c04f4e4331',
  also: ['4C4C4544-0042-3510-8051-B4C04F4E4331', '4c4c4544004235108051b4c04f4e4331']
})
malformed(machineId, '', `00${'44'.repeat(15)}`, `00${'44'.repeat(17)}`, `01${'44'.repeat(16)}`)
refused(machineId, ['4c4c4544', 'must be a UUID like 44454c4c-4200-1035-8051-b4c04f4e4331, not "4c4c4544"'])
