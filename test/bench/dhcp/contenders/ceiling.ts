import { join } from 'node:path'
import { compile } from '../../compile.ts'
import type { Contender } from '../contender.ts'
import { SERVER } from '../site.ts'

/** Not a DHCP server: answers at once and keeps nothing, so it tells what the load generator and the link allow. */
export const ceiling: Contender = {
  name: 'ceiling',
  version: async () => 'ceiling: test/bench/dhcp/echo.c',
  configure: async (folder) => [await compile(join(import.meta.dirname, '../echo.c'), folder), SERVER]
}
