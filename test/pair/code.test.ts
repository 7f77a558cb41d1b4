import test from 'ava'
import { Invitation, readCode } from '../../src/pair/code.ts'
import { FakeClock } from '../support/clock.ts'

const FINGERPRINT = 'ab'.repeat(32)

function invite() {
  const clock = new FakeClock()
  const invitation = new Invitation(clock.now)
  return { clock, invitation, code: () => readCode(invitation.issue(FINGERPRINT).code) }
}

test('a code carries the fingerprint, and opens once', (t) => {
  const { invitation, code } = invite()
  const { fingerprint, secret } = code()
  t.is(fingerprint, FINGERPRINT)
  t.is(invitation.objection(secret), undefined)
  t.regex(invitation.objection(secret) ?? '', /no code was issued, or it was used/)
})

test('a code is void after 15 minutes, and when another one was issued', (t) => {
  const { clock, invitation, code } = invite()
  const first = code()
  const second = code()
  t.regex(invitation.objection(first.secret) ?? '', /wrong/)
  clock.advance(15 * 60 + 1)
  t.regex(invitation.objection(second.secret) ?? '', /older than 15 minutes/)
})

test('no code looks like an option of the command line', (t) => {
  const { code } = new Invitation(new FakeClock().now).issue('fb'.repeat(32))
  t.regex(code, /^pair\.-/)
})

test('five wrong codes void the right one', (t) => {
  const { invitation, code } = invite()
  const { secret } = code()
  for (let attempt = 0; attempt < 5; attempt += 1) t.regex(invitation.objection('AAAA') ?? '', /wrong/)
  t.regex(invitation.objection(secret) ?? '', /no code was issued/)
})

test('what is no code says so', (t) => {
  for (const text of ['', 'x', 'pair.x', 'A'.repeat(200), 'A'.repeat(56)])
    t.throws(() => readCode(text), { instanceOf: TypeError })
})
