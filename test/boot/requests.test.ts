import test from 'ava'
import type { RequestState } from '../../src/boot/addresses.ts'
import { type Boot, clientOf, openBoot } from '../support/boot.ts'
import { change, machine, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

/**
 * RFC 2131, section 4.3.2: what becomes of a REQUEST, by the state of the client and by what is known of it. The
 * subnet's pool is 10.77.0.100 to 109; db-1 (MAC 1) has 10.77.0.4, db-2 (MAC 2) an address of another subnet.
 */

const STATES = ['selecting', 'init-reboot', 'renewing', 'rebinding'] as const satisfies readonly RequestState[]
type Outcome = 'ACK' | 'NAK' | 'silence'
type Outcomes = Record<RequestState, Outcome>

const all = (outcome: Outcome, but: Partial<Outcomes> = {}): Outcomes => ({
  selecting: outcome,
  'init-reboot': outcome,
  renewing: outcome,
  rebinding: outcome,
  ...but
})
/** A server without authority says only to those who chose it that an address is wrong. */
const onlyChosen = all('silence', { selecting: 'NAK' })

const leased = (who: number, address: string) => (boot: Boot) =>
  boot.leases.grant([{ address: ip(address), mac: mac(who), seconds: 600 }])
const expired = (who: number, address: string) => async (boot: Boot) => {
  await leased(who, address)(boot)
  boot.clock.advance(600)
}
const offered = (who: number, address: string) => async (boot: Boot) => {
  boot.allocator.offer(clientOf(mac(who)), ip(address))
}
const ended = (kind: 'release' | 'decline') => async (boot: Boot) => {
  await leased(9, '10.77.0.105')(boot)
  const address = ip('10.77.0.105')
  await boot.leases.apply([kind === 'release' ? { kind, address } : { kind, address, seconds: 86_400 }])
}

type Case = {
  what: string
  /** The client's MAC, and the address it asks for. */
  who: number
  asks: string
  before?: (boot: Boot) => Promise<unknown>
  outcomes: Outcomes
  /** Left out: the same. */
  withoutAuthority?: Outcomes
  reason?: RegExp
}

const CASES: Case[] = [
  { what: 'a registered machine asks for its address', who: 1, asks: '10.77.0.4', outcomes: all('ACK') },
  {
    what: 'a registered machine asks for another address',
    who: 1,
    asks: '10.77.0.5',
    outcomes: all('NAK'),
    withoutAuthority: all('NAK'),
    reason: /^10.77.0.5 is not its address, 10.77.0.4 is$/
  },
  {
    what: 'a registered machine asks for the pool address that it had as a stranger',
    who: 1,
    asks: '10.77.0.105',
    before: leased(1, '10.77.0.105'),
    outcomes: all('NAK'),
    reason: /^10.77.0.105 is not its address, 10.77.0.4 is$/
  },
  {
    what: 'a machine of another subnet asks for its address there',
    who: 2,
    asks: '10.78.0.4',
    outcomes: all('NAK'),
    withoutAuthority: onlyChosen,
    reason: /^10.78.0.4 is not in 10.77.0.0\/24, where it asks from$/
  },
  {
    what: 'a client goes on with its lease',
    who: 9,
    asks: '10.77.0.105',
    before: leased(9, '10.77.0.105'),
    outcomes: all('ACK')
  },
  {
    what: 'a client goes on with its lease after that expired',
    who: 9,
    asks: '10.77.0.105',
    before: expired(9, '10.77.0.105'),
    outcomes: all('ACK')
  },
  {
    what: 'a client comes back to what it gave back',
    who: 9,
    asks: '10.77.0.105',
    before: ended('release'),
    outcomes: all('ACK')
  },
  {
    what: 'a client asks for what it found in use',
    who: 9,
    asks: '10.77.0.105',
    before: ended('decline'),
    outcomes: all('NAK'),
    withoutAuthority: onlyChosen,
    reason: /^10.77.0.105 is in other use$/
  },
  {
    what: 'a client takes its offer',
    who: 9,
    asks: '10.77.0.105',
    before: offered(9, '10.77.0.105'),
    outcomes: all('ACK')
  },
  {
    what: "a client asks for another's lease",
    who: 9,
    asks: '10.77.0.105',
    before: leased(8, '10.77.0.105'),
    outcomes: all('NAK'),
    withoutAuthority: onlyChosen,
    reason: /^10.77.0.105 is in other use$/
  },
  {
    what: "a client asks for another's offer",
    who: 9,
    asks: '10.77.0.105',
    before: offered(8, '10.77.0.105'),
    outcomes: all('NAK'),
    withoutAuthority: onlyChosen,
    reason: /^10.77.0.105 is in other use$/
  },
  {
    what: "a client asks for a machine's address",
    who: 9,
    asks: '10.77.0.4',
    outcomes: all('NAK'),
    withoutAuthority: onlyChosen,
    reason: /^10.77.0.4 is in other use$/
  },
  {
    what: 'a client asks for the gateway',
    who: 9,
    asks: '10.77.0.254',
    outcomes: all('NAK'),
    withoutAuthority: onlyChosen,
    reason: /^10.77.0.254 is in other use$/
  },
  {
    what: 'a client that has a lease asks for a second one',
    who: 9,
    asks: '10.77.0.106',
    before: leased(9, '10.77.0.105'),
    outcomes: all('NAK'),
    withoutAuthority: onlyChosen,
    reason: /^10.77.0.106 is not its address, 10.77.0.105 is$/
  },
  {
    what: 'a client whose lease expired asks for another free address',
    who: 9,
    asks: '10.77.0.106',
    before: expired(9, '10.77.0.105'),
    outcomes: all('ACK', { 'init-reboot': 'NAK' }),
    withoutAuthority: all('ACK', { 'init-reboot': 'silence' }),
    reason: /^10.77.0.106 is not its address, 10.77.0.105 is$/
  },
  {
    what: 'a stranger asks for a free address of the pool: whoever gave it that knows',
    who: 9,
    asks: '10.77.0.105',
    outcomes: all('ACK', { 'init-reboot': 'silence' }),
    reason: /^nothing is known of it, nor of who gave it 10.77.0.105$/
  },
  {
    what: 'a stranger asks for an address of no pool',
    who: 9,
    asks: '10.77.0.9',
    outcomes: all('NAK', { 'init-reboot': 'silence' }),
    withoutAuthority: onlyChosen,
    reason: /^10.77.0.9 is in no pool of 10.77.0.0\/24$/
  },
  {
    what: 'a stranger asks for an address of another network',
    who: 9,
    asks: '192.168.0.9',
    outcomes: all('NAK'),
    withoutAuthority: onlyChosen,
    reason: /^192.168.0.9 is not in 10.77.0.0\/24, where it asks from$/
  }
]

for (const { what, who, asks, before, outcomes, withoutAuthority = outcomes, reason = /^$/ } of CASES) {
  for (const authoritative of [true, false]) {
    const expected = authoritative ? outcomes : withoutAuthority
    const told = STATES.map((state) => `${state} ${expected[state]}`).join(', ')
    test(`${authoritative ? '' : 'without authority: '}${what}: ${told}`, async (t) => {
      for (const state of STATES) {
        const boot = await opened(t, authoritative)
        await before?.(boot)
        const answer = boot.allocator.request(clientOf(mac(who)), ip(asks), state)
        const outcome = 'address' in answer ? 'ACK' : { nak: 'NAK', silence: 'silence' }[answer.refused]
        t.is(outcome, expected[state], state)
        if ('address' in answer) t.is(answer.address, ip(asks))
        else t.regex(answer.reason, reason, state)
      }
    })
  }
}

async function opened(t: Parameters<typeof openBoot>[0], authoritative: boolean): Promise<Boot> {
  const boot = await openBoot(t)
  await change(boot, (draft) => {
    draft.putSubnet(subnet({ authoritative }))
    draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] }))
    draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(1), ipv4: '10.77.0.4' }] }))
    draft.putMachine(machine('db-2', 2, { interfaces: [{ mac: mac(2), ipv4: '10.78.0.4' }] }))
  })
  return boot
}

for (const state of STATES) {
  test(`${state}: nothing is said where strangers get nothing, or no subnet is known`, async (t) => {
    const boot = await opened(t, true)
    for (const [link, asks, reason] of [
      ['10.78.0.1', '10.78.0.9', /has no pool for unknown machines$/],
      ['10.99.0.1', '10.99.0.9', /^no subnet holds 10.99.0.1$/]
    ] as const) {
      const answer = boot.allocator.request(clientOf(mac(9), 'os', ip(link)), ip(asks), state)
      t.like(answer, { refused: 'silence' })
      t.regex('reason' in answer ? answer.reason : '', reason)
    }
  })
}
