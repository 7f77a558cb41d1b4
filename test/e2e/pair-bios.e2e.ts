import test from 'ava'
import { POINTS, type Point } from './lab/points.ts'
import { frozen, killed, silenced } from './lab/strike.ts'

for (const point of Object.keys(POINTS) as Point[]) test.serial(...killed('BIOS', point))
test.serial(...frozen('BIOS'))
test.serial(...silenced('BIOS'))
