import test from 'ava'
import { compare, figure, medianOf, TANDEM } from './figures.ts'

const at = { bench: 'dhcp', point: 'pool' }

for (const [better, tandem, peer, ratio] of [
  ['higher', 300, 100, 3],
  ['lower', 100, 300, 3],
  ['lower', 300, 100, 1 / 3],
  ['lower', 0, 0, 1],
  ['lower', 0, 5, null],
  ['lower', 5, 0, 0]
] as const) {
  test(`where ${better} is better, ${tandem} beside ${peer} is a ratio of ${ratio}`, (t) => {
    t.is(figure(at, { unit: 'x', better }, tandem, 'other', peer).ratio, ratio)
  })
}

for (const [values, median] of [
  [[7], 7],
  [[9, 1, 10], 9],
  [[4, 1, 3, 2], 2.5]
] as const) {
  test(`the median of ${values.join(', ')} is ${median}`, (t) => {
    t.is(medianOf(values), median)
  })
}

test('each metric of each peer is compared by medians', (t) => {
  const samples = new Map([
    [TANDEM, [{ rate: 10 }, { rate: 90 }, { rate: 40 }]],
    ['slow', [{ rate: 20 }]],
    ['fast', [{ rate: 80 }]]
  ])
  const figures = compare(at, { rate: { unit: '/s', better: 'higher' } }, samples)
  t.deepEqual(figures, [
    { ...at, unit: '/s', tandem: 40, peer: 'slow', peerValue: 20, ratio: 2 },
    { ...at, unit: '/s', tandem: 40, peer: 'fast', peerValue: 80, ratio: 0.5 }
  ])
})
