import Table from 'cli-table3'
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

function tableOf(rows: readonly Record<string, unknown>[], columns: readonly Column[]): string {
  const table = new Table({
    head: columns.map(({ title }) => title),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: Object.fromEntries(
      [
        'top',
        'top-mid',
        'top-left',
        'top-right',
        'bottom',
        'bottom-mid',
        'bottom-left',
        'bottom-right',
        'left',
        'left-mid',
        'mid',
        'mid-mid',
        'right',
        'right-mid',
        'middle'
      ].map((name) => [name, ''])
    )
  })
  for (const row of rows) table.push(columns.map(({ value }) => cell(value(row))))
  return table.toString().replace(/ +$/gm, '')
}

/** One thing: as YAML for people, or as JSON. */
export function printOne(output: Output, value: unknown, json?: boolean): void {
  output.line(json ? JSON.stringify(value, null, 2) : stringify(value).trimEnd())
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  return Array.isArray(value) ? value.join(', ') : String(value)
}
