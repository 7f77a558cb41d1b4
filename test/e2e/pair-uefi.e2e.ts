import test from 'ava'
import type { Point } from './lab/points.ts'
import { killed } from './lab/strike.ts'

/** Where UEFI itself is the client, and the end; what iPXE does between is as on a BIOS, and has its place among the long tests of faults. */
const HERE: readonly Point[] = [
  'after the OFFER',
  'during TFTP of the loader',
  'after the ACK, before the script',
  'before `installed`'
]

for (const point of HERE) test.serial(...killed('UEFI', point))
