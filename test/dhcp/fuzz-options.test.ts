import test from 'ava'
import { mutated } from './fuzz/mutate.ts'
import { fuzz } from './fuzz/run.ts'
import { AUTHORITATIVE } from './fuzz/subjects.ts'

test("real packets with other fields and options don't break the server", fuzz, AUTHORITATIVE, mutated, 400_000)
