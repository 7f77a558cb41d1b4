import test from 'ava'
import { table, withResults } from './report.ts'

test('the table is Markdown with aligned columns', (t) => {
  const figure = {
    bench: 'dhcp',
    point: 'pool',
    unit: '/s',
    tandem: 25_000.4,
    peer: 'Kea',
    peerValue: 9.5,
    ratio: 2631.6
  }
  t.is(
    table([figure, { ...figure, tandem: 0, ratio: null }]),
    `| point | unit | Tandem | peer | peer's |   ratio |
| ----- | ---- | -----: | ---- | -----: | ------: |
| pool  | /s   | 25,000 | Kea  |   9.50 | 2631.60 |
| pool  | /s   |      0 | Kea  |   9.50 |         |`
  )
})

test('results replace those of the same bench and nothing else of the page', (t) => {
  const page = 'a\n<!-- results: dhcp -->\nold\n<!-- end: dhcp -->\n<!-- results: tftp -->\nb\n<!-- end: tftp -->\n'
  const written = withResults(page, 'dhcp', 'new\n')
  t.is(written, page.replace('\nold\n', '\n\nnew\n\n'))
  t.is(withResults(written, 'dhcp', 'new'), written)
  t.throws(() => withResults(page, 'http', 'new'), { message: /no section/ })
})
