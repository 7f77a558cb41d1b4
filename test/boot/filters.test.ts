import { execFileSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import { rendererOf } from '../../src/boot/render.ts'
import { commandsOf } from './ipxe-commands.ts'
import { NASTY, nasty } from './nasty.ts'
import { fullContext } from './template-context.ts'

function filter(expression: string): (value: unknown) => string {
  const renderer = rendererOf({ page: `{{ vars.value | ${expression} }}` })
  return (value) => renderer.render('page', { ...fullContext(), vars: { value } })
}

test('sh: a POSIX shell reads back every text as one word', (t) => {
  const texts = [...NASTY, ...fc.sample(nasty, { numRuns: 100, seed: 7 })].map((text) => text.replaceAll('\0', ''))
  const words = texts.map(filter('sh')).join(' ')
  const read = execFileSync('sh', ['-c', `printf '%s\\0' ${words}`], { encoding: 'utf8', maxBuffer: 1 << 24 })
  t.deepEqual(read.split('\0').slice(0, -1), texts)
})

test('preseed: keeps a value as it is', (t) => {
  for (const value of ['', 'a  b', 'it\'s "x" \\n $HOME ${ `id` # ; & [a-z]* ünï'])
    t.is(filter('preseed')(value), value)
  t.is(filter('preseed')(7), '7')
})

const refusals: [expression: string, values: unknown[], message: RegExp][] = [
  ['sh', ['a\0b'], /has a NUL/],
  ['preseed', ['a\nd-i x/y string z', 'a\r', '\u0085', 'a\0', '\t'], /has a line end or control character/],
  ['preseed', ['a\\', 'a\\\\'], /ends in a backslash/],
  ['preseed', [' a', 'a ', ' '], /starts or ends with white space/],
  [
    'ipxe',
    ['a\nshell', 'a\r', '${', 'a${b', 'a && shell', 'a || shell', '; shell', '#a', 'a #b', 'a\\'],
    /iPXE would act/
  ],
  ['ipxe', ['', ' ', 'a  b', ' a', 'a '], /is empty or has white space/],
  [
    'debianPackage',
    ['', 'Vim', 'vim;id', 'vim emacs', '-y', '$(id)', 'vim=1;id', 'a\nb'],
    /is not the name of a Debian package/
  ],
  ['oneOf("http", "https")', ['', 'ftp', 'http ', 'https\n'], /is none of http, https$/],
  ['list', ['vim', null, {}, 7], /is .*, not a list$/],
  ['join(" ")', ['vim', null, {}], /is .*, not a list$/]
]

for (const [expression, values, message] of refusals) {
  test(`${expression}: refuses what has no safe spelling: ${message.source}`, (t) => {
    for (const value of values) t.throws(() => filter(expression)(value), { message }, JSON.stringify(value))
  })
}

for (const expression of ['sh', 'preseed', 'ipxe', 'ipxeText', 'debianPackage']) {
  test(`${expression}: null, a list and an object are no text`, (t) => {
    for (const value of [null, [], {}]) t.throws(() => filter(expression)(value), { message: /is .*, not a text$/ })
  })
}

test('debianPackage and oneOf keep what is right', (t) => {
  for (const value of ['openssh-server', 'g++', 'libc6', 'puppet-agent=1:7.23.0-1~deb12+u1']) {
    t.is(filter('debianPackage')(value), value)
  }
  t.is(filter('oneOf("http", "https")')('https'), 'https')
})

test('ipxe: what it lets through is one command with the same arguments', (t) => {
  const safe = filter('ipxe')
  for (const value of ['http://10.0.0.1/a?b=c&d=$1', 'console=ttyS0,115200n8', 'a="b c"', '---'])
    t.is(safe(value), value)
  const check = (value: string) => {
    const line = attempt(() => safe(value))
    if (line !== undefined) t.deepEqual(commandsOf(`kernel ${line}`), [`kernel ${value}`])
  }
  fc.assert(fc.property(nasty, check))
})

test('ipxeText: never fails, and echo prints it as one command', (t) => {
  const text = filter('ipxeText')
  t.is(text('a\n  b && shell || x ; y #z a${b end\\'), 'a b "&&" shell "||" x ";" y "#z" a$ {b "end\\"')
  fc.assert(
    fc.property(nasty, (value) => {
      t.is(commandsOf(`echo * ${text(value)}\nexit`).length, 2)
      t.false(text(value).includes('${'))
    })
  )
})

function attempt<T>(render: () => T): T | undefined {
  try {
    return render()
  } catch {
    return undefined
  }
}
