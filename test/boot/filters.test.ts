import { execFileSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import { rendererOf } from '../../src/boot/render.ts'
import { grubCommandsOf } from './grub-commands.ts'
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
  ['grub', ['a\nreboot', 'a\r', '\0'], /has a line end or control character/],
  ['grubKernel', ['', 'a b', "it's", 'a="b"', 'a\\b', 'a\tb'], /is empty or has white space, a quote or a backslash/],
  ['pxelinux', ['', 'a b', 'a\nLABEL x', 'a\t', '\u0000', ' '], /is empty or has white space or a control character/],
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

for (const expression of [
  ...['sh', 'preseed', 'ipxe', 'ipxeText', 'debianPackage'],
  ...['grub', 'grubKernel', 'grubText', 'pxelinux', 'pxelinuxText']
]) {
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

test('grub: what it lets through is one word, as it was', (t) => {
  const word = filter('grub')
  t.is(word('it\'s $HOME \\ "x"'), `'it'\\''s $HOME \\ "x"'`)
  const check = (value: string) => {
    const text = attempt(() => word(value))
    if (text === undefined) return
    t.deepEqual(grubCommandsOf(`linux ${text} end`), [{ words: ['linux', value, 'end'], expands: false }])
  }
  fc.assert(fc.property(nasty, check))
})

test('grubKernel: keeps the arguments that people write', (t) => {
  for (const value of ['url=http://10.0.0.1/a?b=c&d=$1;e', 'console=ttyS0,115200n8', '---', 'a=[b]*{c}<d>'])
    t.deepEqual(grubCommandsOf(filter('grubKernel')(value)), [{ words: [value], expands: false }])
})

test('grubText and pxelinuxText: never fail, and are one word, and one line', (t) => {
  t.is(filter('grubText')("a\n it's\r\u0085b"), `'a it'\\''s b'`)
  t.is(filter('pxelinuxText')('a\nLABEL x\0'), 'a LABEL x ')
  fc.assert(
    fc.property(nasty, (value) => {
      const commands = grubCommandsOf(`echo ${filter('grubText')(value)}\nexit`)
      t.deepEqual(
        commands.map(({ words, expands }) => [words.length, expands]),
        [
          [2, false],
          [1, false]
        ]
      )
      t.notRegex(filter('pxelinuxText')(value), /[\n\r\0]/)
    })
  )
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
