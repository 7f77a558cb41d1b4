import { readdirSync } from 'node:fs'
import type { Logger } from 'pino'
import { REFUSALS_ENOUGH } from './boot/loader-choice.ts'
import { Loaders } from './boot/loaders.ts'
import { SIGNED_FILES, type SignedLoaders } from './boot/signed-loaders.ts'
import { type Config, DEFAULT_LOADERS } from './config.ts'
import type { Inventory } from './inventory/inventory.ts'
import type { Machine } from './inventory/model.ts'
import { FIRMWARE, SHIM, SNPONLY } from './net/firmware.ts'
import { StartError } from './start-error.ts'

/** iPXE's loaders, of which it is told once which aren't there. @throws {StartError} */
export function openLoaders(config: Config, received: string, log: Logger): Loaders {
  const loaders = new Loaders(config.loaders, received)
  try {
    readdirSync(config.loaders)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Without Debian's folder nothing is wrong but that its package isn't installed.
    if (config.loaders !== DEFAULT_LOADERS || code !== 'ENOENT') {
      throw new StartError(
        `the loaders' folder ${config.loaders} can't be read (${code}): make it readable, or name another`
      )
    }
  }
  for (const { file, package: name } of loaders.missing()) {
    log.warn(`${file} is not in ${config.loaders}: machines can't boot with it; Debian's package ${name} has it`)
  }
  return loaders
}

/** All that may be served by name, as Debian calls the files. */
export const LOADER_FILES: readonly string[] = [
  ...new Set([...FIRMWARE.flatMap(({ loader }) => loader?.file ?? []), SNPONLY.file]),
  ...Object.values(SIGNED_FILES)
]

/** Where this instance has a loader of its own; undefined where it hasn't. */
export function ownLoader(loaders: Loaders, signed: SignedLoaders, name: string): Promise<string | undefined> {
  const isSigned = (Object.values(SIGNED_FILES) as string[]).includes(name)
  return (isSigned ? signed : loaders).own(name).catch(() => undefined)
}

/** Where no machine needs them yet, it is told when one does: `explain` does. */
export function warnOfMissingSigned(signed: SignedLoaders, inventory: Inventory, log: Logger): void {
  const isUser = ({ loader, trials }: Machine) =>
    loader === 'grub' || (loader === 'auto' && trials.refusedAt.length >= REFUSALS_ENOUGH)
  const user = [...inventory.list('machine')].find(isUser)
  const missing = user && signed.missing()
  if (missing)
    log.warn(`${missing} is not there: ${user.name} can't boot with it; Debian's package ${SHIM.package} has it`)
}
