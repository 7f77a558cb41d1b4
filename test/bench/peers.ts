import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where scripts/bench-setup unpacked the servers. */
export const PEERS = join(process.env.TANDEM_BENCH_CACHE ?? join(homedir(), '.cache/tandem-bench'), 'peers')
