import test from 'ava'
import { highestRate, parseTrial } from './perfdhcp.ts'

/** As perfdhcp 2.2 prints it. */
function report(rate: number, drops: readonly [number, number]): string {
  return `Running: perfdhcp -4 -r ${rate}
Scenario: basic.
***Rate statistics***
Rate: ${rate} 4-way exchanges/second, expected rate: ${rate}

***Statistics for: DISCOVER-OFFER***
sent packets: 38073
received packets: 38073
drops: 0
drops ratio: ${drops[0]} %

***Statistics for: REQUEST-ACK***
sent packets: 38073
drops ratio: ${drops[1]} %
`
}

test('a trial is as good as the worse half of its exchanges', (t) => {
  t.deepEqual(parseTrial(report(7497.91, [0.00333344, 2.12])), { rate: 7497.91, drops: 2.12 })
  t.throws(() => parseTrial('perfdhcp: bind failed'), { message: /not a report/ })
})

for (const limit of [900, 8000, 21_000]) {
  test(`a server that can do ${limit} exchanges a second is found out`, async (t) => {
    const relay = { run: async (argv: readonly string[]) => reportFor(Number(argv[argv.indexOf('-r') + 1])) }
    const reportFor = (rate: number) => report(rate, rate <= limit ? [0, 0.9] : [1.1, 0])
    const found = await highestRate(['perfdhcp'], relay, { pause: async () => undefined })
    t.true(found <= limit && found > limit / 1.07, String(found))
  })
}

test('what perfdhcp reached counts where it can send no more', async (t) => {
  const relay = {
    run: async (argv: readonly string[]) => report(Math.min(20_000, Number(argv[argv.indexOf('-r') + 1])), [0, 0])
  }
  t.is(await highestRate(['perfdhcp'], relay, { pause: async () => undefined }), 20_000)
})
