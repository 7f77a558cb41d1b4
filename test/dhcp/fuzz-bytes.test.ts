import test from 'ava'
import { corrupted } from './fuzz/mutate.ts'
import { fuzz } from './fuzz/run.ts'
import { AUTHORITATIVE } from './fuzz/subjects.ts'

test("real packets with wrong bytes don't break the server", fuzz, AUTHORITATIVE, corrupted, 400_000)
