import test from 'ava'
import type { Point } from './lab/points.ts'
import { killed } from './lab/strike.ts'

/** Where UEFI has an address but nothing to start, and the end; the other points have their place among the long tests of faults. */
const HERE: readonly Point[] = ['after the ACK, before the script', 'before `installed`']

for (const point of HERE) test.serial(...killed('UEFI', point))
