const SECRET_NAME = /pass(word|wd|phrase)|secret|token|challenge|credential|private_key|api_key/i
/** What a locked or an absent password is: no secret. */
const NO_SECRET: readonly unknown[] = ['', '!', '*', null]
const URL_PASSWORD = /(:\/\/[^\s/:@]*):[^\s/@]+@/g

/** A var as it may be shown to people: values whose names tell of a secret are left out, at any depth, and passwords in URLs. */
export function redact(name: string, value: unknown): unknown {
  if (NO_SECRET.includes(value)) return value
  if (SECRET_NAME.test(name)) return '[redacted]'
  if (typeof value === 'string') return value.replace(URL_PASSWORD, '$1:[redacted]@')
  if (Array.isArray(value)) return value.map((each) => redact('', each))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([inner, each]) => [inner, redact(inner, each)]))
}
