import type { Command } from 'commander'
import { parse } from 'yaml'
import { type Mac, parseMac } from '../net/mac.ts'
import { Client, findAccess } from './client.ts'
import { UsageError } from './errors.ts'
import type { Output } from './output.ts'

/** What every command is handed. */
export type Context = {
  readonly output: Output
  readonly errors: Output
  /** Standard output for what isn't text. */
  readonly binary: { readonly isTerminal: boolean; write(bytes: Uint8Array): void }
  readonly env: NodeJS.ProcessEnv
}

/** The client for the service that the options and the environment name. */
export function clientOf(command: Command, { env, errors }: Context): Client {
  const { state } = command.optsWithGlobals<{ state?: string }>()
  return new Client(findAccess(state, env), (line) => errors.line(line))
}

/** The value of `--mac`, in any usual spelling. */
export function macOf(text: string): Mac {
  try {
    return parseMac(text)
  } catch (error) {
    throw new UsageError(`--mac ${(error as Error).message}`)
  }
}

/** Gathers an option that may be given several times. */
export function several(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** `k=v` options as an object. @param yaml tells the values that are read as YAML; any other is text. */
export function pairs(
  given: readonly string[] | undefined,
  option: string,
  yaml = /^[[{]/
): Record<string, unknown> | undefined {
  return given && Object.fromEntries(given.map((text) => pair(text, option, yaml)))
}

function pair(text: string, option: string, yaml: RegExp): [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`${option} "${text}": write it as name=value`)
  const value = text.slice(at + 1)
  if (!yaml.test(value)) return [text.slice(0, at), value]
  try {
    return [text.slice(0, at), parse(value)]
  } catch (error) {
    throw new UsageError(
      `${option} "${text}": the value starts like YAML and isn't: ${(error as Error).message.split('\n')[0]}`
    )
  }
}

/** Leaves out what wasn't given, so that a change touches nothing else. */
export function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

export const segment = encodeURIComponent
