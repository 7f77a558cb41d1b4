import test from 'ava'
import { type Effect, interpret } from '../../../src/cli/simulate/script.ts'

const SETTINGS = { platform: 'efi', 'netX/mac': '52:54:00:00:00:0a', product: 'A B&C' }

function effects(script: string, settings: Record<string, string> = SETTINGS): Effect[] {
  return [...interpret(script, settings)]
}

const EXIT: Effect = { do: 'disk', how: 'exit' }

for (const [rule, lines, expected] of [
  ['comments, labels and what only prints do nothing', ['# x', ':again', 'echo hello', 'exit'], [EXIT]],
  ['nothing runs after what leaves the script', ['exit', 'boot'], [EXIT]],
  [
    'what follows || is for failures',
    ['kernel http://a/linux || goto again', 'boot || goto again'],
    [{ do: 'fetch', what: 'kernel', from: [{ url: 'http://a/linux', arguments: [] }] }, { do: 'boot' }]
  ],
  [
    'the same from elsewhere is the next way',
    ['kernel --timeout 5000 http://a/linux x=1 || kernel --timeout 5000 http://b/linux x=1 || goto again', 'boot'],
    [
      {
        do: 'fetch',
        what: 'kernel',
        from: ['a', 'b'].map((host) => ({ url: `http://${host}/linux`, arguments: ['x=1'] }))
      },
      { do: 'boot' }
    ]
  ],
  [
    'a true condition runs what follows &&',
    [`iseq \${platform} efi && exit 1 ||`, 'exit'],
    [{ do: 'disk', how: 'exit 1' }]
  ],
  ['a false one does not', [`iseq \${platform} pcbios && exit 1 ||`, 'exit'], [EXIT]],
  [
    'options take a value each, and are no arguments',
    ['initrd --timeout 5000 --name initrd.gz http://a/i', 'boot'],
    [{ do: 'fetch', what: 'initrd', from: [{ url: 'http://a/i', arguments: [] }] }, { do: 'boot' }]
  ],
  [
    "a kernel's arguments are kept",
    ['kernel http://a/linux auto=true url=http://a/p', 'boot'],
    [
      { do: 'fetch', what: 'kernel', from: [{ url: 'http://a/linux', arguments: ['auto=true', 'url=http://a/p'] }] },
      { do: 'boot' }
    ]
  ],
  [
    'settings are filled in, fit for a URL',
    [`imgfetch http://a/\${netX/mac:hexhyp}?p=\${product:uristring}&n=\${none}`, 'exit'],
    [{ do: 'fetch', what: 'file', from: [{ url: 'http://a/52:54:00:00:00:0a?p=A%20B&C&n=', arguments: [] }] }, EXIT]
  ],
  ['a sleep is a wait', ['sleep 15', 'exit'], [{ do: 'wait', seconds: 15 }]],
  [
    'sanboot is the disk',
    ['sanboot --no-describe --drive 0x80 || exit'],
    [{ do: 'disk', how: 'sanboot --no-describe --drive 0x80' }]
  ]
] as const satisfies readonly (readonly [string, readonly string[], readonly Effect[]])[]) {
  test(rule, (t) => t.deepEqual(effects(['#!ipxe', ...lines].join('\n')), [...expected]))
}

for (const [rule, script, message] of [
  ['a page that is no script', '<html>', 'the script does not start with #!ipxe'],
  ['an empty answer', '', 'the script does not start with #!ipxe'],
  ['a script that boots nothing', '#!ipxe\necho hello', 'the script ends without booting anything'],
  [
    'a command that is not understood',
    '#!ipxe\n\ndhcp',
    'line 3: "dhcp" is not a command that a simulated machine knows'
  ]
] as const) {
  test(`${rule} is an error`, (t) => {
    t.throws(() => effects(script), { instanceOf: SyntaxError, message })
  })
}
