import type { Figure } from './figures.ts'

const HEADINGS = ['point', 'unit', 'Tandem', 'peer', "peer's", 'ratio']
const NUMBERS = new Set(['Tandem', "peer's", 'ratio'])

/** The figures as a Markdown table, its columns aligned. A ratio above 1: Tandem is better. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ point, unit, tandem, peer, peerValue, ratio }) => [
    point,
    unit,
    number(tandem),
    peer,
    number(peerValue),
    ratio === null ? '' : ratio.toFixed(2)
  ])
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = (cells: readonly string[]) => `| ${cells.map(padded).join(' | ')} |`
  const padded = (cell: string, column: number) =>
    NUMBERS.has(HEADINGS[column] ?? '') ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
  const rule = HEADINGS.map((heading, column) =>
    NUMBERS.has(heading) ? `${'-'.repeat((widths[column] ?? 1) - 1)}:` : '-'.repeat(widths[column] ?? 0)
  )
  return [line(HEADINGS), line(rule), ...rows.map(line)].join('\n')
}

/** Three significant digits or more, thousands apart. */
function number(value: number): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/**
 * Puts a bench's results into its section of the page, between two comments that stay.
 * @throws when the page has no such section.
 */
export function withResults(page: string, bench: string, results: string): string {
  const [begin, end] = [`<!-- results: ${bench} -->`, `<!-- end: ${bench} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no section between ${begin} and ${end}`)
  return `${page.slice(0, from + begin.length)}\n\n${results.trim()}\n\n${page.slice(to)}`
}
