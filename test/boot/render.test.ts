import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { LANGUAGES, SCRIPT_TEMPLATES } from '../../src/boot/boot-languages.ts'
import type { TemplateContext } from '../../src/boot/context.ts'
import { createRenderer, TemplateError } from '../../src/boot/render.ts'
import { grubCommandsOf } from './grub-commands.ts'
import { commandsOf } from './ipxe-commands.ts'
import { NASTY, nasty } from './nasty.ts'
import { questionsOf } from './preseed-questions.ts'
import { bareContext, fullContext, pairContext } from './template-context.ts'

const { render } = createRenderer(join(import.meta.dirname, '../../boot-templates'))
const SCRIPTS = LANGUAGES.flatMap((language) => Object.values(SCRIPT_TEMPLATES[language]))
const PRESEED = 'preseed/debian.cfg.njk'
const PLACES = placesOf(fullContext())

const golden: [file: string, template: string, context: TemplateContext][] = [
  ['install.ipxe', 'ipxe/install.ipxe.njk', fullContext()],
  ['wait.ipxe', 'ipxe/wait.ipxe.njk', fullContext()],
  ['local.ipxe', 'ipxe/local.ipxe.njk', bareContext()],
  ['local-sanboot.ipxe', 'ipxe/local.ipxe.njk', fullContext()],
  ['discover.ipxe', 'ipxe/discover.ipxe.njk', bareContext()],
  ['install.grub', 'grub/install.cfg.njk', fullContext()],
  ['wait.grub', 'grub/wait.cfg.njk', fullContext()],
  ['local.grub', 'grub/local.cfg.njk', bareContext()],
  ['discover.grub', 'grub/discover.cfg.njk', bareContext()],
  ['install.pxelinux', 'pxelinux/install.njk', fullContext()],
  ['wait.pxelinux', 'pxelinux/wait.njk', fullContext()],
  ['local.pxelinux', 'pxelinux/local.njk', bareContext()],
  ['discover.pxelinux', 'pxelinux/discover.njk', bareContext()],
  ['debian-full.cfg', PRESEED, fullContext()],
  ['debian-bare.cfg', PRESEED, bareContext()],
  ['install-pair.ipxe', 'ipxe/install.ipxe.njk', pairContext()],
  ['discover-pair.ipxe', 'ipxe/discover.ipxe.njk', pairContext()],
  ['install-pair.grub', 'grub/install.cfg.njk', pairContext()],
  ['debian-pair.cfg', PRESEED, pairContext()]
]

for (const [file, template, context] of golden) {
  test(`what a machine is sent: ${file}`, (t) => {
    t.is(render(template, context), readFileSync(join(import.meta.dirname, 'golden', file), 'utf8'))
  })
}

test('a preseed has no question twice, and each line is one', (t) => {
  for (const context of [fullContext(), bareContext()]) {
    const names = questionsOf(render(PRESEED, context)).map(({ name }) => name)
    t.true(names.length > 40)
    t.deepEqual(names, [...new Set(names)])
  }
})

for (const place of PLACES) {
  test(`no ${place.join('.')} gives a preseed another line or question, or a script another command`, (t) => {
    const shapes = [PRESEED, ...SCRIPTS].map((template) => ({
      template,
      shape: shapeOf(template, render(template, fullContext()))
    }))
    const check = (value: string) => {
      for (const { template, shape } of shapes) {
        const text = renderedOrRefused(template, contextWith(place, value))
        if (text !== undefined) t.deepEqual(shapeOf(template, text), shape)
      }
    }
    fc.assert(
      fc.property(
        nasty.filter((value) => value !== ''),
        check
      ),
      { numRuns: 60 }
    )
  })
}

test('a message never keeps a machine from its script', (t) => {
  for (const value of NASTY) {
    const context = { ...fullContext(), reasons: [value] }
    for (const script of SCRIPTS) t.notThrows(() => render(script, context))
  }
})

test("debconf's own parser accepts what is rendered, nasty values too", (t) => {
  const hostile = PLACES.flatMap((place) => NASTY.map((value) => contextWith(place, value)))
  const rendered = [fullContext(), bareContext(), ...hostile].map((context) => renderedOrRefused(PRESEED, context))
  const texts = rendered.filter((text) => text !== undefined)
  t.true(texts.length > 100)
  if (!existsSync('/usr/bin/debconf-set-selections')) return
  const checked = spawnSync('debconf-set-selections', ['--checkonly'], { input: texts.join('\n'), encoding: 'utf8' })
  t.deepEqual([checked.status, checked.stderr], [0, ''])
})

/**
 * What must not change with a value: a preseed's lines and questions, a script's commands and expansions, the number of
 * words that GRUB reads, the keywords of pxelinux's lines.
 */
function shapeOf(template: string, text: string): unknown {
  switch (template.split('/')[0]) {
    case 'ipxe':
      return [commandsOf(text).map((command) => command.split(' ')[0]), text.match(/\$\{/g)]
    case 'grub':
      return grubCommandsOf(text).map(({ words, expands }) => [words[0], words.length, expands])
    case 'pxelinux':
      return text.split('\n').map((line) => [line.split(' ')[0], line.startsWith('SAY') || line.split(' ').length])
    default:
      return [text.split('\n').length, questionsOf(text).map(({ owner, name, type }) => `${owner} ${name} ${type}`)]
  }
}

/** Where a context has a text that somebody may choose; an empty one says that there is none. */
function placesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value === 'string')
    return path.includes('localBoot') || path.includes('loader') || value === '' ? [] : [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => placesOf(part, [...path, key]))
}

function contextWith(place: string[], text: string): TemplateContext {
  const replace = (value: unknown, [key, ...rest]: string[]): unknown => {
    if (key === undefined) return text
    const copy: Record<string, unknown> = Object.assign(Array.isArray(value) ? [] : {}, value)
    copy[key] = replace(copy[key], rest)
    return copy
  }
  return replace(fullContext(), place) as TemplateContext
}

function renderedOrRefused(template: string, context: TemplateContext): string | undefined {
  try {
    return render(template, context)
  } catch (error) {
    if (error instanceof TemplateError) return undefined
    throw error
  }
}
