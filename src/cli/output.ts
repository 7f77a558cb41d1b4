import stringWidth from 'string-width'
import { stringify } from 'yaml'

/** What commands print on; tests pass their own. */
export type Output = { line(text: string): void }

export type Column = { readonly title: string; readonly value: (row: Record<string, unknown>) => unknown }

export function column(title: string, field = title): Column {
  return { title, value: (row) => row[field] }
}

/** A listing: as a table for people, or as JSON for scripts. */
export function printList(
  output: Output,
  rows: readonly Record<string, unknown>[],
  columns: readonly Column[],
  json?: boolean
): void {
  if (json) output.line(JSON.stringify(rows, null, 2))
  else if (rows.length === 0) output.line('none')
  else output.line(tableOf(rows, columns))
}

/** Cells aligned in columns, two spaces apart. */
function tableOf(rows: readonly Record<string, unknown>[], columns: readonly Column[]): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ value }) => cell(value(row))))]
  const widths = columns.map((_, at) => lines.reduce((most, line) => Math.max(most, stringWidth(line[at] ?? '')), 0))
  const padded = (text: string, at: number) => text + ' '.repeat((widths[at] ?? 0) - stringWidth(text))
  return lines.map((line) => line.map(padded).join('  ').trimEnd()).join('\n')
}

/** One thing: as YAML for people, or as JSON. */
export function printOne(output: Output, value: unknown, json?: boolean): void {
  output.line(json ? JSON.stringify(value, null, 2) : stringify(value).trimEnd())
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  return Array.isArray(value) ? value.join(', ') : String(value)
}
