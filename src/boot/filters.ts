import nunjucks from 'nunjucks'

type Filter = (value: unknown, ...words: string[]) => unknown

/** Control characters, line ends among them. */
const CONTROL = /\p{Cc}/u

/**
 * What templates make values safe with, each for one language; a value that its language has no safe spelling for
 * is an error, whose message goes on from the value's name and doesn't show it: it may be a secret.
 * They stack: `{{ key | sh | preseed }}` is a shell word in a debconf value.
 */
export const FILTERS: Readonly<Record<string, Filter>> = {
  sh,
  preseed,
  ipxe,
  ipxeText,
  grub,
  grubKernel,
  grubText,
  pxelinux,
  pxelinuxText,
  debianPackage,
  oneOf,
  list,
  join: (value, separator = '') => list(value).map(textOf).join(separator)
}

/** nunjucks' own filters that stay: those that neither read properties by name nor make HTML. */
export const PLAIN_FILTERS: readonly string[] = [
  'default',
  'first',
  'int',
  'last',
  'length',
  'lower',
  'replace',
  'upper'
]

/** One word of a POSIX shell, single-quoted whatever it holds (XCU 2.2.2); only NUL can't be in one. */
function sh(value: unknown): string {
  const text = textOf(value)
  if (text.includes('\0')) throw new Error('has a NUL, which no shell word can hold')
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * The value of one debconf question in a preseed file, as it is. Refused is what debconf-set-selections
 * would change: a line end starts another question, a backslash at the end swallows the next line, and
 * white space at either end is lost (measured with the one in Debian 12's installer).
 */
function preseed(value: unknown): string {
  const text = textOf(value)
  if (CONTROL.test(text)) throw new Error('has a line end or control character, which no preseed value can hold')
  if (text.endsWith('\\')) throw new Error('ends in a backslash, at which debconf would join the next line')
  if (/^\s|\s$/u.test(text)) throw new Error('starts or ends with white space, which debconf would lose')
  return text
}

/**
 * Arguments of an iPXE command, as they are. iPXE has no quoting: it splits a line at white space and joins what is
 * an argument again by single spaces, takes `&&`, `||`, `;` and a word that starts with `#` as its own, and expands
 * `${...}` (its src/core/exec.c and settings.c). So a value with one of these is refused.
 */
function ipxe(value: unknown): string {
  const text = textOf(value)
  const words = text.split(' ')
  if (CONTROL.test(text) || text.includes('${') || text.endsWith('\\') || words.some(isOperator)) {
    throw new Error('has a line end, "${", "&&", "||", ";", "#" or a last backslash, on which iPXE would act')
  }
  if (words.includes('')) throw new Error('is empty or has white space that iPXE would lose')
  return text
}

/**
 * Text for iPXE's `echo`, after a first word of the template's own. A machine must not stay without a script for
 * the sake of a message, so what iPXE would act on is taken apart or quoted, and nothing is refused.
 */
function ipxeText(value: unknown): string {
  return textOf(value)
    .split(/[\s\p{Cc}]+/u)
    .filter((word) => word !== '')
    .map((word) => (isOperator(word) || word.endsWith('\\') ? `"${word}"` : word))
    .join(' ')
    .replaceAll('${', '$ {')
}

function isOperator(word: string): boolean {
  return word === '&&' || word === '||' || word === ';' || word.startsWith('#')
}

/**
 * One word of a GRUB script, single-quoted: in such quotes GRUB takes everything as it is (its manual, "Shell-like
 * scripting"); outside of them a backslash quotes the next character. A line end would be kept, but no name or URL has one.
 */
function grub(value: unknown): string {
  const text = textOf(value)
  if (CONTROL.test(text)) throw new Error('has a line end or control character, which no word for GRUB needs')
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * The same for an argument of a kernel: GRUB joins them anew, puts a backslash before quotes and backslashes, and quotes
 * around what has a space (its grub-core/lib/cmdline.c), which the kernel reads otherwise.
 */
function grubKernel(value: unknown): string {
  const text = textOf(value)
  if (text === '' || /['"\\\s]/.test(text))
    throw new Error('is empty or has white space, a quote or a backslash, which GRUB would change')
  return grub(text)
}

/** Text for GRUB's `echo`, after a first word of the template's own: nothing is refused, for it is only a message. */
function grubText(value: unknown): string {
  return grub(textOf(value).replace(/[\s\p{Cc}]+/gu, ' '))
}

/**
 * One word in a line of a pxelinux configuration. There is no quoting: a line is its keyword and the rest of it, split
 * at white space where a file's name is wanted.
 */
function pxelinux(value: unknown): string {
  const text = textOf(value)
  if (text === '' || /[\s\p{Cc}]/u.test(text)) {
    throw new Error('is empty or has white space or a control character, at which pxelinux would end it')
  }
  return text
}

/** Text for `SAY`: nothing is refused, for it is only a message. */
function pxelinuxText(value: unknown): string {
  return textOf(value).replace(/[\s\p{Cc}]+/gu, ' ')
}

/** A package's name, or `name=version` (deb-control(5), deb-version(7)): the installer hands it to a shell unquoted. */
function debianPackage(value: unknown): string {
  const text = textOf(value)
  if (!/^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?$/.test(text)) {
    throw new Error('is not the name of a Debian package, such as openssh-server')
  }
  return text
}

/** The value, when it is one of the words. */
function oneOf(value: unknown, ...words: string[]): string {
  const text = textOf(value)
  if (!words.includes(text)) throw new Error(`is none of ${words.join(', ')}`)
  return text
}

/** The value, when it is a list: nunjucks would go through the letters of a text. */
function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(`is ${kindOf(value)}, not a list`)
  return value
}

/**
 * The text of a value that can stand in a file. Null, lists and objects have none.
 * @throws {Error}
 */
export function textOf(value: unknown): string {
  const isText = typeof value === 'string' || value instanceof nunjucks.runtime.SafeString
  if (isText || typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Error(`is ${kindOf(value)}, not a text`)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value
}
