import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import nunjucks from 'nunjucks'
import type { TemplateContext } from './context.ts'
import { FILTERS } from './filters.ts'
import { compileTemplate, templateError } from './strict.ts'

export { TemplateError } from './strict.ts'

export interface Renderer {
  /**
   * The file that a machine is sent. `template` is a path in the folder, such as `ipxe/install.ipxe.njk`.
   * @throws {TemplateError} for a name that the context hasn't, or a value that can't safely stand where it is used.
   */
  render(template: string, context: TemplateContext): string
}

/** Plain text, no HTML; a line that holds only a block or a comment leaves no trace. */
const OPTIONS: nunjucks.ConfigureOptions = { autoescape: false, trimBlocks: true, lstripBlocks: true, dev: true }

/**
 * Renders the templates (`*.njk`) below a folder, read once.
 * @throws {TemplateError} for one that doesn't compile, and the file system's errors.
 */
export function createRenderer(folder: string): Renderer {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.njk'))
  return rendererOf(Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')])))
}

/** Renders templates given as path and text. */
export function rendererOf(sources: Readonly<Record<string, string>>): Renderer {
  const compiled = Object.entries(sources).map(([path, text]) => [path, compileTemplate(path, text, OPTIONS)])
  const environment = new nunjucks.Environment(new nunjucks.PrecompiledLoader(Object.fromEntries(compiled)), OPTIONS)
  for (const [name, filter] of Object.entries(FILTERS)) environment.addFilter(name, filter)
  return {
    render(template, context) {
      try {
        return environment.render(template, context)
      } catch (error) {
        throw templateError(template, error)
      }
    }
  }
}
