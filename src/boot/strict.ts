import nunjucks from 'nunjucks'
import { FILTERS, PLAIN_FILTERS, textOf } from './filters.ts'

/** The parts of nunjucks 3.2 that its published types leave out. */
declare module 'nunjucks' {
  interface Node {
    readonly typename: string
    /** Counted from 0. */
    readonly lineno: number
    readonly colno: number
    readonly value: string
    readonly name: Node
    readonly target: Node
    readonly val: Node
    readonly args: Node
    readonly children: Node[]
  }
  interface Scope {
    lookup(name: string): unknown
  }
  interface Context extends Scope {
    getVariables(): object
  }
  namespace parser {
    function parse(source: string, extensions: [], options: ConfigureOptions): Node
  }
  namespace compiler {
    class Compiler {
      buffer: string
      constructor(template: string, throwOnUndefined: boolean)
      compile(node: Node, frame?: Scope): void
      compileSymbol(node: Node, frame: Scope): void
      compileLookupVal(node: Node, frame: Scope): void
      compileFilter(node: Node, frame: Scope): void
      compileFunCall(node: Node, frame: Scope): void
      compileOutput(node: Node, frame: Scope): void
      compileLiteral(node: Node): void
      fail(message: string, line: number, column: number): never
      getCode(): string
      _emit(code: string): void
    }
  }
}

/** A template that can't be rendered: which one, the line (from 1; null where none is to blame), and what to do. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly template: string
  readonly line: number | null

  constructor(template: string, line: number | null, message: string) {
    super(`${template}${line === null ? '' : `, line ${line}`}: ${message}`)
    this.template = template
    this.line = line
  }
}

/** nunjucks' functions without side effects that templates may call. */
const GLOBALS: readonly string[] = ['range', 'cycler', 'joiner']

/**
 * Compiles a template so that every name is looked up by `checks` below, with its line. nunjucks' own
 * `throwOnUndefined` sees only what is written out: not `{{ nope | default('x') }}`, nor `if` and `for`; and a
 * Proxy as context sees neither a member of a text nor the line.
 * @throws {TemplateError} where the syntax is wrong or a filter unknown.
 */
export function compileTemplate(template: string, source: string, options: nunjucks.ConfigureOptions): unknown {
  const compiler = new StrictCompiler(template, false)
  try {
    compiler.compile(nunjucks.parser.parse(source, [], options))
  } catch (error) {
    throw templateError(template, error)
  }
  return new Function('checks', compiler.getCode())(checksFor(template))
}

/** The innermost error that says more than nunjucks', which wraps one anew at each include. */
export function templateError(template: string, error: unknown): TemplateError {
  let inner = error
  while (!(inner instanceof TemplateError) && inner instanceof Error && inner.cause instanceof Error)
    inner = inner.cause
  if (inner instanceof TemplateError) return inner
  const line = inner instanceof nunjucks.lib.TemplateError ? (inner.lineno ?? null) : null
  return new TemplateError(template, line, inner instanceof Error ? inner.message : String(inner))
}

class StrictCompiler extends nunjucks.compiler.Compiler {
  override compileSymbol(node: nunjucks.Node, frame: nunjucks.Scope): void {
    const isLocal = frame.lookup(node.value) !== undefined
    if (isLocal) super.compileSymbol(node, frame)
    else this._emit(`checks.name(${node.lineno}, ${JSON.stringify(node.value)}, context, frame)`)
  }

  override compileLookupVal(node: nunjucks.Node, frame: nunjucks.Scope): void {
    this._emit(`checks.member(${node.lineno}, ${JSON.stringify(pathOf(node.target))}, `)
    this.compile(node.target, frame)
    this._emit(', ')
    this.compile(node.val, frame)
    this._emit(')')
  }

  override compileFilter(node: nunjucks.Node, frame: nunjucks.Scope): void {
    const name = node.name.value
    if (!Object.hasOwn(FILTERS, name) && !PLAIN_FILTERS.includes(name)) {
      this.fail(`there is no filter "${name}"`, node.lineno, node.colno)
    }
    this.#located(node, () => super.compileFilter(node, frame))
  }

  override compileFunCall(node: nunjucks.Node, frame: nunjucks.Scope): void {
    this.#located(node, () => super.compileFunCall(node, frame))
  }

  override compileOutput(node: nunjucks.Node, frame: nunjucks.Scope): void {
    for (const child of node.children) {
      this._emit(`${this.buffer} += `)
      if (child.typename === 'TemplateData') this.compileLiteral(child)
      else this.#located(child, () => this.compile(child, frame), 'text')
      this._emit(';\n')
    }
  }

  #located(node: nunjucks.Node, compile: () => void, check: 'value' | 'text' = 'value'): void {
    this._emit(`checks.${check}(${node.lineno}, ${JSON.stringify(pathOf(node))}, () => (`)
    compile()
    this._emit('))')
  }
}

/** What an expression is called in an error: `machine.name`, also for `machine.name | upper`. */
function pathOf(node: nunjucks.Node | undefined): string {
  switch (node?.typename) {
    case 'Symbol':
    case 'Literal':
      return String(node.value)
    case 'LookupVal':
      return `${pathOf(node.target)}.${pathOf(node.val)}`
    case 'Filter':
      return pathOf(node.args.children[0])
    case 'FunCall':
      return `${pathOf(node.name)}()`
    default:
      return 'the expression'
  }
}

/** What compiled code calls; `line` counts from 0, as nunjucks does. */
function checksFor(template: string) {
  function fail(line: number, message: string): never {
    throw new TemplateError(template, line + 1, message)
  }
  function value(line: number, path: string, evaluate: () => unknown): unknown {
    try {
      return evaluate()
    } catch (error) {
      if (error instanceof TemplateError) throw error
      return fail(line, `${path} ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  function text(line: number, path: string, evaluate: () => unknown): unknown {
    return value(line, path, () => textOf(evaluate()))
  }
  function name(line: number, name: string, context: nunjucks.Context, frame: nunjucks.Scope): unknown {
    const local = frame.lookup(name)
    if (local !== undefined) return local
    const isKnown = Object.hasOwn(context.getVariables(), name) || GLOBALS.includes(name)
    return isKnown ? context.lookup(name) : fail(line, `there is no ${name}: see src/boot/context.ts`)
  }
  /** Own properties only: nothing leads from a value to JavaScript's constructors. */
  function member(line: number, path: string, target: unknown, key: PropertyKey): unknown {
    const name = `${path}.${String(key)}`
    if (target === null || target === undefined) return fail(line, `${path} is null, so there is no ${name}`)
    const found = Object.getOwnPropertyDescriptor(target, key)?.value
    if (found !== undefined) return found
    const advice =
      path === 'vars' ? 'set it at the subnet, image, role or machine, or globally' : 'see src/boot/context.ts'
    return fail(line, `there is no ${name}: ${advice}`)
  }
  return { value, text, name, member }
}
