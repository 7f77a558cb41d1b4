import fc from 'fast-check'

/** What means something to a shell, debconf, iPXE or nunjucks. */
const PIECES = [
  '\n',
  '\r',
  '\t',
  '\0',
  ' ',
  '\\',
  "'",
  '"',
  '`id`',
  '$(id)',
  '${',
  '$',
  '{',
  '}',
  '&&',
  '||',
  ';',
  '#',
  '&',
  '|',
  '>',
  '*',
  '-n',
  '--',
  ':again',
  '{{ vars }}',
  '{% raw %}',
  'd-i passwd/make-user boolean true',
  'shell',
  '%s',
  'ü',
  'a'
] as const

/** Texts that a REST client may send to get at a machine. */
export const NASTY: readonly string[] = [
  '',
  "x'; reboot; '",
  'x\nd-i preseed/late_command string reboot',
  'x\\',
  'x && shell',
  'x || shell',
  'x ; shell',
  'x #',
  'x${',
  '$(reboot) `reboot`',
  'x\r\nshell',
  '-n x',
  '"'
]

/** Texts made of such pieces, and any other. */
export const nasty: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary' })
)
