import test from 'ava'
import { rendererOf, TemplateError } from '../../src/boot/render.ts'
import { fullContext } from './template-context.ts'

const render = (source: string, others: Record<string, string> = {}) =>
  rendererOf({ ...others, page: source }).render('page', fullContext())

const unknown: [title: string, source: string, line: number, message: RegExp][] = [
  ['a name', 'a\n{{ nope }}', 2, /there is no nope/],
  ['a name behind a filter', "{{ nope | default('x') }}", 1, /there is no nope/],
  ['a member', '\n\n{{ machine.nope }}', 3, /there is no machine\.nope/],
  ['a member behind a filter', "{{ machine.nope | default('x') }}", 1, /there is no machine\.nope/],
  ['a member of a text', "{{ machine.name.nope | default('x') }}", 1, /there is no machine\.name\.nope/],
  ['a member of null', "{% set gone = none %}{{ gone.x | default('x') }}", 1, /gone is null, so there is no gone\.x/],
  ['in if', '\n{% if nope %}{% endif %}', 2, /there is no nope/],
  [
    'in elif, not, and, or',
    '{% if false %}{% elif not (true and (false or nope)) %}{% endif %}',
    1,
    /there is no nope/
  ],
  ['in for', '\n{% for x in nope %}{% endfor %}', 2, /there is no nope/],
  ['inside for', '{% for x in reasons %}\n{{ x.nope }}{% endfor %}', 2, /there is no x\.nope/],
  ['of the loop', '{% for x in reasons %}{% if loop.nope %}{% endif %}{% endfor %}', 1, /there is no loop\.nope/],
  ['after its loop', '{% for x in reasons %}{% endfor %}{{ x }}', 1, /there is no x/],
  ['in set', '{% set x = vars.nope %}', 1, /there is no vars\.nope: set it at/],
  ['in an inline if', "{{ 'a' if nope else 'b' }}", 1, /there is no nope/],
  ['in a test', "{{ 'a' if nope is defined else 'b' }}", 1, /there is no nope/],
  ['in a macro', '{% macro m(a) %}\n{{ nope }}{% endmacro %}{{ m(1) }}', 2, /there is no nope/],
  ['as an argument', '{{ range(nope) }}', 1, /there is no nope/],
  ['called', '{{ nope() }}', 1, /there is no nope/],
  ['as a list index', '{{ network.dns[9] }}', 1, /there is no network\.dns\.9/],
  ['as a computed key', '{% set k = "nope" %}{{ machine[k] }}', 1, /there is no machine\.nope/],
  ["JavaScript's own", '{{ machine.constructor }}', 1, /there is no machine\.constructor/],
  ["JavaScript's own, of a function", '{{ range.constructor }}', 1, /there is no range\.constructor/],
  ["the object prototype's", '{% if toString %}{% endif %}', 1, /there is no toString/],
  ['a filter, unused', '{% if false %}{{ machine.name | nope }}{% endif %}', 1, /there is no filter "nope"/],
  ['a filter that reads by name', "{{ reasons | groupby('nope') }}", 1, /there is no filter "groupby"/]
]

for (const [title, source, line, message] of unknown) {
  test(`an unknown name is an error that names template, line and name: ${title}`, (t) => {
    const error = t.throws(() => render(source), { instanceOf: TemplateError })
    t.regex(error.message, message)
    t.like(error, { template: 'page', line })
    t.true(error.message.startsWith(`page, line ${line}: `))
  })
}

const fine: [title: string, source: string, output: string][] = [
  ['members', '{{ machine.name }} {{ machine.labels.rack }} {{ network.prefix }}', 'compute-3 b7 24'],
  ['an element and a length', '{{ network.dns[1] }} {{ network.dns.length }}', '10.20.0.2 2'],
  [
    'for over a list',
    '{% for x in network.dns %}{{ loop.index }}={{ x }}{{ "" if loop.last else "," }}{% endfor %}',
    '1=10.20.0.1,2=10.20.0.2'
  ],
  ['for over pairs', '{% for k, v in machine.labels %}{{ k }}={{ v }}{% endfor %}', 'rack=b7'],
  ['in, of a list and of names', '{{ "10.20.0.1" in network.dns }} {{ "nope" in vars }}', 'true false'],
  ['its own names', '{% set a = 1 %}{% if a %}{% set b = a + 1 %}{{ b }}{% endif %}', '2'],
  ['macros', '{% macro m(a, b="y") %}{{ a }}{{ b }}{% endmacro %}{{ m("x") }}', 'xy'],
  ['globals', '{% for i in range(3) %}{{ i }}{% endfor %}', '012'],
  ['null, where it is asked for', '{% if role and not none %}{{ "" | default("x", true) }}{% endif %}', 'x'],
  ['no HTML', '{{ "<&>" }}', '<&>'],
  ['lines of blocks alone leave no trace', 'a\n  {% if true %}\nb\n  {% endif %}\n{# c -#}\nd\n', 'a\nb\nd\n']
]

for (const [title, source, output] of fine) {
  test(`a template may use ${title}`, (t) => {
    t.is(render(source), output)
  })
}

test('null, a list and an object are no text to write out', (t) => {
  for (const [source, kind] of [
    ['{{ none }}', 'null'],
    ['{{ reasons }}', 'a list'],
    ['{{ machine }}', 'object']
  ] as const) {
    t.throws(() => render(source), { instanceOf: TemplateError, message: new RegExp(`is ${kind}, not a text$`) })
  }
})

test('an error in an included template names that one, and one after it the includer', (t) => {
  const others = { part: 'ok\n{{ nope }}', whole: 'ok\n' }
  t.like(
    t.throws(() => render("{% include 'part' %}", others)),
    { template: 'part', line: 2 }
  )
  t.like(
    t.throws(() => render("{% include 'whole' %}\n\n{{ '' | ipxe }}", others)),
    { template: 'page', line: 3 }
  )
})

test('a template sees what its includer set', (t) => {
  t.is(render("{% set pause = 5 %}{% include 'part' %}", { part: '{{ pause }}' }), '5')
})

test('a template that is not there is an error', (t) => {
  t.throws(() => render("{% include 'gone' %}"), { instanceOf: TemplateError, message: /gone/ })
  t.throws(() => rendererOf({}).render('gone', fullContext()), { instanceOf: TemplateError, message: /gone/ })
})

test('wrong syntax is an error when the renderer is made', (t) => {
  t.like(
    t.throws(() => rendererOf({ page: 'a\n{% if %}' }), { instanceOf: TemplateError }),
    { template: 'page', line: 2 }
  )
})

test('an error does not show the value: it may be a secret', (t) => {
  const context = { ...fullContext(), vars: { hash: 'secret\n' } }
  const error = t.throws(() => rendererOf({ page: '{{ vars.hash | preseed }}' }).render('page', context))
  t.is(error.message, 'page, line 1: vars.hash has a line end or control character, which no preseed value can hold')
})
