import type { TLSSocket } from 'node:tls'
import test from 'ava'
import { Invitation, readCode } from '../../src/pair/code.ts'
import { welcome } from '../../src/pair/joining.ts'
import { OLDEST_PROTOCOL, PROTOCOL } from '../../src/pair/messages.ts'
import { ip } from '../support/values.ts'

/** What becomes of b, which asks with the right code. */
function ask(ownerOf: (address: string) => string | undefined, code?: string) {
  const invitation = new Invitation(() => 0)
  const { secret } = readCode(invitation.issue('0'.repeat(64)).code)
  return welcome(
    {
      purpose: 'join',
      code: code ?? secret,
      instance: 'b',
      version: '1',
      protocol: PROTOCOL,
      oldest: OLDEST_PROTOCOL,
      addresses: [ip('10.77.0.2')]
    },
    { end: () => {} } as unknown as TLSSocket,
    'certificate',
    { self: { instance: 'a', version: '1' }, present: undefined, invitation, ownerOf }
  )
}

test('who joins gets the second place', (t) => {
  t.like(
    ask(() => undefined),
    { instance: 'b', cert: 'certificate', slot: 0 }
  )
})

test("one whose address is a machine's is refused, with what to do; without the code nobody hears of machines", (t) => {
  const ownerOf = (address: string) => (address === '10.77.0.2' ? 'web1' : undefined)
  t.regex(String(ask(ownerOf)), /10\.77\.0\.2.*is machine web1's.*tandem machine set web1 --ipv4/)
  t.notRegex(String(ask(ownerOf, 'wrong')), /web1/)
})
