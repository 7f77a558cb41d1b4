import test from 'ava'
import type { Information } from '../../src/dhcp/allocator.ts'
import { describeGrant, describeInformation, describeRequest } from '../../src/dhcp/describe.ts'
import { interpret } from '../../src/dhcp/interpret.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { ip, packet } from './vectors.ts'

const OURS = ip('10.77.0.1')
const message = (type: keyof typeof MESSAGE) => entry(OPTION.messageType, MESSAGE[type])
const requested = entry(OPTION.requestedAddress, ip('10.77.0.9'))
const architectures = entry(OPTION.architectures, [7, 9])
const BOUND = { ciaddr: ip('10.77.0.9') }
const RELAYED = { giaddr: ip('10.88.0.1') }

for (const [fields, options, words] of [
  [{}, [message('DISCOVER')], 'DISCOVER from os'],
  [{}, [message('DISCOVER'), architectures], 'DISCOVER from uefi-x64 (architecture 7, 9)'],
  [
    {},
    [message('DISCOVER'), entry(OPTION.architectures, new Array(9).fill(7))],
    'DISCOVER from uefi-x64 (architecture 7, 7, 7, 7, 7, 7, 7, 7, ...)'
  ],
  [RELAYED, [message('DISCOVER')], 'DISCOVER from os through relay agent 10.88.0.1'],
  [{}, [message('REQUEST'), requested], 'REQUEST 10.77.0.9 (init-reboot) from os'],
  [BOUND, [message('REQUEST')], 'REQUEST 10.77.0.9 (rebinding) from os'],
  [BOUND, [message('INFORM')], 'INFORM 10.77.0.9 from os'],
  [BOUND, [message('RELEASE')], 'RELEASE 10.77.0.9 from os'],
  [{}, [message('DECLINE'), requested], 'DECLINE 10.77.0.9 from os'],
  [{}, [], 'BOOTP from os'],
  [{}, [message('REQUEST'), requested, entry(OPTION.serverId, ip('10.77.0.2'))], 'REQUEST to 10.77.0.2'],
  [{ htype: 32 }, [message('DISCOVER')], 'hardware type 32 with 6 bytes of address'],
  [{ hops: 17 }, [message('DISCOVER')], 'a message relayed 17 times: relay agents send it round in circles'],
  [
    {},
    [message('DISCOVER'), [12, Uint8Array.of(10)]],
    'DISCOVER from os; ignored option 12 (host-name): a host name has letters, digits, dots and hyphens'
  ]
] as const) {
  test(`what was asked, in words: ${words}`, (t) => {
    const asked = packet(fields, options)
    const request = interpret(asked, { server: OURS, servers: [OURS], cast: 'broadcast' })
    t.is(describeRequest(asked, request), words)
  })
}

const TOLD: Information = { options: new Map(), reasons: [] }
for (const [boot, words] of [
  [undefined, 'nothing to boot'],
  [{ kind: 'tftp', server: OURS, file: 'ipxe.efi' }, 'ipxe.efi from 10.77.0.1'],
  [{ kind: 'http', server: OURS, url: 'http://10.77.0.1/l' }, 'http://10.77.0.1/l'],
  [{ kind: 'script', server: OURS, url: 'http://10.77.0.1/s' }, 'http://10.77.0.1/s']
] as const) {
  test(`what was answered, in words: ${words}`, (t) => {
    const grant = { ...TOLD, address: ip('10.77.0.10'), leaseTime: 600, boot }
    t.is(describeGrant('OFFER', grant), `OFFER 10.77.0.10 for 600 s, ${words}`)
    t.is(describeGrant('BOOTREPLY', grant), `BOOTREPLY 10.77.0.10 for 600 s, ${words}`)
    t.is(describeInformation({ ...TOLD, boot }), `ACK without a lease, ${words}`)
  })
}
