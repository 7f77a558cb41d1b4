/** What is wrong at a place such as `addresses[1]`; the value as a whole has the empty place. */
export type Finding = { readonly place: string; readonly message: string }

/** Something is wrong with parts of a value; all of it is told. */
export class WrongParts extends TypeError {
  readonly findings: readonly Finding[]

  constructor(findings: readonly Finding[]) {
    super(findings.map(({ place, message }) => `${place}: ${message}`).join('; '))
    this.findings = findings
  }
}

/** The error for JSON that isn't of a kind. @param wanted what would be right: `a list of uint8`. */
export function wrong(json: unknown, wanted: string): TypeError {
  if (json === undefined) return new TypeError(`is missing; it must be ${wanted}`)
  const text = JSON.stringify(json) ?? String(json)
  return new TypeError(`must be ${wanted}, not ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`)
}

/** The fields of a JSON object. @throws {TypeError} when it is something else. */
export function fieldsOf(json: unknown, wanted: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong(json, wanted)
  return json as Record<string, unknown>
}

/** Parses each part at its place. @throws {WrongParts} naming all that are wrong. */
export function parseParts<P, T>(parts: readonly (readonly [place: string, part: P])[], parse: (part: P) => T): T[] {
  const findings: Finding[] = []
  const values = parts.flatMap(([place, part]) => {
    try {
      return [parse(part)]
    } catch (error) {
      findings.push(...findingsOf(error).map((each) => ({ ...each, place: placeWithin(place, each.place) })))
      return []
    }
  })
  if (findings.length > 0) throw new WrongParts(findings)
  return values
}

/** What an error of a parser tells. Another error is thrown on. */
export function findingsOf(error: unknown): readonly Finding[] {
  if (error instanceof WrongParts) return error.findings
  if (error instanceof TypeError) return [{ place: '', message: error.message }]
  throw error
}

/** `boot-servers` and `[0].type`: `boot-servers[0].type`. */
export function placeWithin(outer: string, inner: string): string {
  return inner === '' || inner.startsWith('[') ? outer + inner : `${outer}.${inner}`
}
