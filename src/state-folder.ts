import { accessSync, constants, mkdirSync } from 'node:fs'
import { StartError } from './start-error.ts'

/** Makes the state folder, where there is none. @throws {StartError} when it can't be used. */
export function makeStateFolder(state: string): void {
  try {
    mkdirSync(state, { recursive: true, mode: 0o750 })
    accessSync(state, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartError(
      `the state folder ${state} can't be used (${code}): make it, owned by the user that runs Tandem`
    )
  }
}
