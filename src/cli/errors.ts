/** Something went wrong that the person at the terminal can act on: printed as one line, exit 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/** The command was written wrong: printed as one line, exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
