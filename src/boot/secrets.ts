const SECRET_NAME = /password|passphrase|secret|token|challenge/
/** What a locked or an absent password is: no secret. */
const NO_SECRET: readonly unknown[] = ['', '!', '*', null]

/** Vars as they may be shown to people: the values of names that tell of a secret are left out. */
export function redact(name: string, value: unknown): unknown {
  return SECRET_NAME.test(name) && !NO_SECRET.includes(value) ? '[redacted]' : value
}
