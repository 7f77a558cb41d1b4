import test from 'ava'
import fc from 'fast-check'
import { Conversation, type Step } from './model/conversation.ts'
import type { Kind } from './model/network.ts'

/**
 * Clients that do anything, over days, against a small model of what RFC 2131 lets them be told: no address is
 * held by two, renewals keep the address, a fixed address is never given to another, a declined one to nobody during
 * its quarantine, and a restart loses nothing. On failure fast-check tells the seed and the shortest history that fails.
 */

const who = fc.nat(9)
const link = fc.constantFrom(0, 1)
/** Of a pool, of no pool, of a service, of no link. */
const anywhere = fc.constantFrom(
  ...[97, 98, 99, 100, 101, 102, 103, 104].map((last) => `10.77.0.${last}`),
  ...['10.78.0.100', '10.78.0.101', '10.78.0.102', '10.78.0.9', '192.168.0.9']
)
const address = fc.oneof(
  { weight: 6, arbitrary: fc.constant('offered') },
  { weight: 6, arbitrary: fc.constant('own') },
  { weight: 3, arbitrary: fc.constant('none') },
  { weight: 3, arbitrary: anywhere }
)
const kind: fc.Arbitrary<Kind> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Kind>('discover') },
  { weight: 6, arbitrary: fc.constant<Kind>('selecting') },
  { weight: 6, arbitrary: fc.constantFrom<Kind[]>('init-reboot', 'renewing', 'rebinding') },
  { weight: 3, arbitrary: fc.constantFrom<Kind[]>('release', 'decline', 'inform', 'bootp') }
)
const said = fc.record({ kind, who, link, clientId: fc.nat(2), address })

const pass = fc.oneof(
  { weight: 4, arbitrary: fc.nat(30) },
  { weight: 4, arbitrary: fc.integer({ min: 30, max: 700 }) },
  { weight: 2, arbitrary: fc.integer({ min: 700, max: 100_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 3_000_000 }) }
)
const register = fc.record({ who, address: fc.option(anywhere, { nil: undefined }) })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({
      turn: fc.array(said, { minLength: 1, maxLength: 4 }),
      meanwhile: fc.option(register, { nil: undefined, freq: 8 })
    })
  },
  { weight: 10, arbitrary: fc.record({ joins: fc.record({ who, link }) }) },
  { weight: 6, arbitrary: fc.record({ pass }) },
  { weight: 1, arbitrary: fc.record({ register }) },
  { weight: 1, arbitrary: fc.record({ remove: who }) },
  { weight: 1, arbitrary: fc.record({ explain: fc.record({ who, link }) }) },
  { weight: 1, arbitrary: fc.record({ restart: fc.constant(true as const) }) }
)

test('whatever clients do, each is told what RFC 2131 lets it be told, and nothing is lost', async (t) => {
  const history = fc.asyncProperty(fc.array(step, { maxLength: 100, size: 'max' }), async (steps) => {
    const conversation = await Conversation.open()
    try {
      for (const each of steps) await conversation.take(each)
    } finally {
      conversation.close()
    }
  })
  const { failed, seed, counterexamplePath, counterexample, errorInstance } = await fc.check(history, { numRuns: 300 })
  if (!failed) return t.pass()
  const [steps] = counterexample ?? [[]]
  const told = [`seed ${seed}, path ${counterexamplePath}`, ...steps.map((each) => JSON.stringify(each))]
  t.fail([...told, String(errorInstance)].join('\n'))
})
