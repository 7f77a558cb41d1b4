import type { Contender } from '../contender.ts'
import { compile } from '../load.ts'
import { SERVER } from '../site.ts'

/** Not a DHCP server: answers at once and keeps nothing, so it tells what the load generator and the link allow. */
export const ceiling: Contender = {
  name: 'ceiling',
  version: async () => 'ceiling: test/bench/dhcp/echo.c',
  configure: async (folder) => [await compile('echo', folder), SERVER]
}
