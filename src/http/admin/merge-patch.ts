import { optionByCode } from '../../net/options/configured.ts'

/** An entity with a merge patch (RFC 7396): what that names is replaced, null removes. It may name options by code. */
export function patched(entity: Record<string, unknown>, patch: unknown): unknown {
  if (!isObject(patch) || !isObject(patch.options)) return mergePatch(entity, patch)
  const named = Object.entries(patch.options).map(([key, value]) => [optionName(key), value] as const)
  return mergePatch(entity, { ...patch, options: Object.fromEntries(named) })
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = mergePatch(result[name], value)
  }
  return result
}

/** What a key of an entity's own options is: a name, or the code where that has none. */
function optionName(key: string): string {
  const code = /^(?:option-)?(\d+)$/.exec(key)?.[1]
  return code === undefined ? key : (optionByCode(Number(code))?.name ?? code)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
