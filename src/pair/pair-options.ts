import type { Slot } from '../inventory/address-shares.ts'
import type { Db } from '../inventory/database.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Leases } from '../inventory/leases.ts'
import type { Pool } from '../inventory/model.ts'
import type { Op } from '../inventory/oplog.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { AddressRules, Terms } from './address-rules.ts'
import type { Beat } from './contact.ts'
import type { Reach } from './messages.ts'
import type { PairStateName } from './states.ts'
import type { Timing } from './timing.ts'

export type PairOptions = {
  readonly db: Db
  readonly inventory: Inventory
  readonly leases: Leases
  readonly slot: Slot
  readonly instance: string
  /** The other instance's name. */
  readonly peer: string
  readonly version: string
  readonly reach: () => Reach
  /** Milliseconds since the epoch, by a clock that nobody sets while this runs. */
  readonly now: () => number
  /** Random text. */
  readonly random: () => string
  readonly terms: Pick<Terms, 'mclt' | 'autonomy'>
  readonly timing?: Timing
  /** Left out: the rules. Tests put wrong ones in their place, to see that they are found out. */
  readonly rules?: AddressRules
  /** Sends a sign of life over the provisioning network. @param ask whether it is to be answered at once. */
  readonly sendBeat: (beat: Beat, ask: boolean) => void
  readonly tell: (level: 'info' | 'warn', message: string) => void
  /** Free addresses of pools that this instance could give, up to so many. */
  readonly spare: (pools: readonly Pool[], most: number) => readonly Ipv4[]
  /** What the other one wrote was applied. */
  readonly received?: (ops: readonly Op[]) => void
  /** The other one says that it leaves the pair. */
  readonly left?: () => void
  /** The state is another now. */
  readonly changed?: (state: PairStateName) => void
}
