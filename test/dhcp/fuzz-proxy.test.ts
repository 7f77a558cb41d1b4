import test from 'ava'
import { mutated } from './fuzz/mutate.ts'
import { fuzz } from './fuzz/run.ts'
import { PROXY } from './fuzz/subjects.ts'

test("real packets with other fields and options don't break the ProxyDHCP server", fuzz, PROXY, mutated, 200_000)
