import { Ajv, type ErrorObject } from 'ajv'
import { Type } from 'typebox'

/** The schema of one of some words, as an enumeration: its error names them all. */
export function choice<const T extends readonly string[]>(values: T, options: { description?: string } = {}) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: values, ...options })
}

/** One thing that is wrong with a document, at a path such as `/interfaces/0/mac`. */
export type Finding = { readonly path: string; readonly message: string }

/** Compiles JSON Schemas into functions that say everything that is wrong, in plain words; nothing is an empty list. */
export class Validator {
  readonly #ajv = new Ajv({ allErrors: true, strict: false })

  check(schema: object, value: unknown): Finding[] {
    const validate = this.#ajv.compile(schema)
    return validate(value) ? [] : (validate.errors ?? []).map(findingOf)
  }
}

/** Also for errors of a validator that somebody else runs, such as fastify's. */
export function findingOf({ keyword, instancePath, params, message }: ErrorObject): Finding {
  switch (keyword) {
    case 'required':
      return { path: `${instancePath}/${params.missingProperty}`, message: 'is missing' }
    case 'additionalProperties':
      return { path: `${instancePath}/${params.additionalProperty}`, message: 'is not a known field' }
    case 'enum':
      return { path: instancePath, message: `must be ${(params.allowedValues as string[]).join(' or ')}` }
    case 'pattern':
      return { path: instancePath, message: `must match ${params.pattern}` }
    default:
      return { path: instancePath, message: message ?? 'is invalid' }
  }
}

/** `/interfaces/0/mac` as people write it: `interfaces[0].mac`. */
export function fieldOf(path: string): string {
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((field, part) => (/^\d+$/.test(part) ? `${field}[${part}]` : field === '' ? part : `${field}.${part}`), '')
}
