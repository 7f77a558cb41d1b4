import { DEFAULT_VARS } from './context.ts'
import type { Situation } from './decide.ts'

export type EffectiveVar = { value: unknown; source: string }

/** The vars of a machine, the more special layer before the more general, with where each came from. */
export function effectiveVars({ machine, role, image, subnet, global }: Situation): Record<string, EffectiveVar> {
  const layers: [source: string, vars: Record<string, unknown> | undefined][] = [
    ['default', DEFAULT_VARS],
    ['global', global?.vars],
    [`subnet ${subnet?.cidr}`, subnet?.vars],
    [`image ${image?.name}`, image?.vars],
    [`role ${role?.name}`, role?.vars],
    [`machine ${machine?.name}`, machine?.vars]
  ]
  const merged = layers.flatMap(([source, vars]) =>
    Object.entries(vars ?? {}).map(([name, value]) => [name, { value, source }] as const)
  )
  return Object.fromEntries(merged)
}
