import type { Action } from './decide.ts'

/** What a boot decision can be written in, for what the machine runs before it has a kernel. */
export const LANGUAGES = ['ipxe', 'grub', 'pxelinux'] as const
export type Language = (typeof LANGUAGES)[number]

/** The templates of the actions. `ignore` has none of its own: such a machine is told to boot from its disk, if it asks. */
export const SCRIPT_TEMPLATES: Readonly<Record<Language, Readonly<Record<Action, string>>>> = {
  ipxe: templates('ipxe', '.ipxe.njk'),
  grub: templates('grub', '.cfg.njk'),
  pxelinux: templates('pxelinux', '.njk')
}

function templates(folder: string, ending: string): Record<Action, string> {
  const of = (name: string) => `${folder}/${name}${ending}`
  return { install: of('install'), local: of('local'), wait: of('wait'), discover: of('discover'), ignore: of('local') }
}
