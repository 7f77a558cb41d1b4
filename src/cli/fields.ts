import type { Command } from 'commander'
import { pairs, several } from './context.ts'

/** Options of commands that entities have in common, and what they are in a body. */

/** `--unset var.NAME` removes one of these maps' values. */
const MAPS: Record<string, string> = { var: 'vars', option: 'options', label: 'labels' }

/** Numbers, flags, lists and objects; any other value is text, as addresses and hex are. */
const YAML_VALUE = /^(?:[[{].*|-?(?:0|[1-9]\d*)|true|false)$/s

export function withVars(command: Command): Command {
  return command.option(
    '--var <name=value>',
    'a template variable (repeatable); [..] and {..} are read as YAML',
    several
  )
}

export function withOptions(command: Command, clients: string): Command {
  return command.option(
    '--option <name=value>',
    `a DHCP option for ${clients} (repeatable), by name or code: domain-search=[a.org, b.org], 224=0x0a`,
    several
  )
}

export function varsOf(given: readonly string[] | undefined): Record<string, unknown> | undefined {
  return pairs(given, '--var')
}

export function optionsOf(given: readonly string[] | undefined): Record<string, unknown> | undefined {
  return pairs(given, '--option', YAML_VALUE)
}

/** A change with what is to be removed: a field, or one value of a map as `var.NAME`. */
export function withUnset(change: Record<string, unknown>, unset: readonly string[] = []): Record<string, unknown> {
  const patch = { ...change }
  for (const field of unset) {
    const dot = field.indexOf('.')
    if (dot < 0) patch[field] = null
    else {
      const map = field.slice(0, dot)
      const name = MAPS[map] ?? map
      patch[name] = { ...(patch[name] as object | undefined), [field.slice(dot + 1)]: null }
    }
  }
  return patch
}
