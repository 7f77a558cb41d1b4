import test from 'ava'
import type { Step } from '../../src/net/step.ts'
import { Mailbox } from '../../src/tftp/mailbox.ts'
import type { FromThread } from '../../src/tftp/messages.ts'

const step = (outcome: string): Step => ({ protocol: 'tftp', asked: 'x', answered: 'y', level: 'debug', outcome })

test('what is told in a turn leaves as one message, and nothing where there is nothing', (t) => {
  const posted: FromThread[] = []
  const mailbox = new Mailbox((message) => posted.push(message))
  mailbox.flush()
  mailbox.report(step('stray'))
  mailbox.tell({ type: 'ended', number: 1, complete: true })
  mailbox.flush()
  mailbox.flush()
  t.deepEqual(
    posted.map(({ told, stopped }) => [told.map(({ type }) => type), stopped]),
    [[['step', 'ended'], false]]
  )
})

test('a flood does not pile up before a daemon that is busy: what it has no eye for is told in a sum', (t) => {
  const posted: FromThread[] = []
  const mailbox = new Mailbox((message) => posted.push(message))
  for (let count = 0; count < 50_000; count += 1) {
    mailbox.report(step('malformed'))
    if (count % 100 === 0) mailbox.flush()
  }
  mailbox.flush()
  const told = () => posted.flatMap((message) => message.told)
  t.is(told().length, 2000)
  mailbox.seen(2000)
  mailbox.flush()
  const last = told().at(-1)
  t.like(last, { type: 'step', step: { asked: '48000 further datagrams', outcome: 'malformed', level: 'info' } })
})

test('the end is told even where there is nothing else', (t) => {
  const posted: FromThread[] = []
  new Mailbox((message) => posted.push(message)).flush(true)
  t.deepEqual(posted, [{ told: [], stopped: true }])
})
