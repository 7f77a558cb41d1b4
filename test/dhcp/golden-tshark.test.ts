import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { pcapHeader, pcapRecords } from '../../src/net/pcap.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { CAPTURES, decodedText, GOLDEN, type GoldenPacket } from './golden.ts'
import { ip, VECTORS } from './vectors.ts'

/**
 * Whether our text of a packet says the same as tshark, which knows nothing of this code. Where tshark
 * (Debian's package of that name) isn't installed there is nothing to compare with, and the tests say so.
 */
const HAS_TSHARK = spawnSync('tshark', ['--version']).status === 0

const asItIs = (value: string) => value
const unlessZero = (value: string) => (/^(0|0\.0\.0\.0)$/.test(value) ? '' : value)
const first = (values: string) => values.split(',')[0] ?? ''
const broadcast = (bit: string) => (/^(1|True)$/.test(bit) ? 'broadcast' : '')
const text = (hex: string) => Buffer.from(hex.replaceAll(':', ''), 'hex').toString('latin1')

/** What both tell of a packet: the name that our text has, tshark's field, and how its value is written by us. */
const FIELDS: readonly (readonly [name: string, field: string, as: (value: string) => string])[] = [
  ['hops', 'dhcp.hops', unlessZero],
  ['secs', 'dhcp.secs', unlessZero],
  ['flags', 'dhcp.flags.bc', broadcast],
  ['ciaddr', 'dhcp.ip.client', unlessZero],
  ['yiaddr', 'dhcp.ip.your', unlessZero],
  ['siaddr', 'dhcp.ip.server', unlessZero],
  ['giaddr', 'dhcp.ip.relay', unlessZero],
  ['chaddr', 'dhcp.hw.mac_addr', first],
  ['sname', 'dhcp.server', asItIs],
  ['file', 'dhcp.file', asItIs],
  ['1 subnet-mask', 'dhcp.option.subnet_mask', asItIs],
  ['3 routers', 'dhcp.option.router', asItIs],
  ['6 domain-name-servers', 'dhcp.option.domain_name_server', asItIs],
  ['12 host-name', 'dhcp.option.hostname', asItIs],
  ['28 broadcast-address', 'dhcp.option.broadcast_address', asItIs],
  ['50 dhcp-requested-address', 'dhcp.option.requested_ip_address', asItIs],
  ['51 dhcp-lease-time', 'dhcp.option.ip_address_lease_time', asItIs],
  ['54 dhcp-server-identifier', 'dhcp.option.dhcp_server_id', asItIs],
  ['55 dhcp-parameter-request-list', 'dhcp.option.request_list_item', asItIs],
  ['57 dhcp-max-message-size', 'dhcp.option.dhcp_max_message_size', asItIs],
  ['58 dhcp-renewal-time', 'dhcp.option.renewal_time_value', asItIs],
  ['59 dhcp-rebinding-time', 'dhcp.option.rebinding_time_value', asItIs],
  ['60 vendor-class-identifier', 'dhcp.option.vendor_class_id', asItIs],
  ['67 boot-file-name', 'dhcp.option.bootfile_name', asItIs],
  ['77 user-class', 'dhcp.option.user_class.text', asItIs],
  ['93 client-system', 'dhcp.option.client_system_architecture', asItIs],
  ['circuit-id', 'dhcp.option.agent_information_option.agent_circuit_id', text]
]

const MESSAGES = ['DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM']

type Told = Readonly<Record<string, string>>

function toldByUs({ payload }: GoldenPacket): Told {
  const decoded = decodedText(payload)
  const [message = '', xid = ''] = decoded.split(/\s/, 2)
  const codes = Array.from(decoded.matchAll(/^ {2,4}(\d+) /gm), ([, code]) => code).join()
  const values = new Map(Array.from(decoded.matchAll(/^ +([^:\n]+): (.*)$/gm), ([, name, value]) => [name, value]))
  const told = FIELDS.map(([name]) => [name, values.get(name)?.replaceAll(', ', ',') ?? ''])
  return { message, xid, codes, ...Object.fromEntries(told) }
}

function toldByTshark(file: string): Told[] {
  const fields = ['dhcp.option.dhcp', 'dhcp.id', 'dhcp.option.type', ...FIELDS.map(([, field]) => field)]
  return tshark(file, '-Y', 'dhcp', '-T', 'fields', ...fields.flatMap((field) => ['-e', field])).map((line) => {
    const [message, id = '', types = '', ...values] = line.split('\t')
    // To tshark PAD and END are options too.
    const codes = types.split(',').filter((code) => code !== '0' && code !== '255')
    const told = FIELDS.map(([name, , as], index) => [name, as(values[index] ?? '')])
    return {
      message: MESSAGES[Number(message) - 1] ?? '',
      xid: id.replace('0x', ''),
      codes: codes.join(),
      ...Object.fromEntries(told)
    }
  })
}

/** The lines that tshark prints about a file; checksums are checked. */
function tshark(file: string, ...args: string[]): string[] {
  const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE']
  const out = execFileSync('tshark', ['-n', '-r', file, ...checks, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  return out.toString().split('\n').slice(0, -1)
}

/** Packets as a capture file of our own. @param keep bytes of each that are kept. */
function written(t: ExecutionContext, packets: readonly GoldenPacket[], keep = 1500): string {
  const file = join(tempFolder(t), 'written.pcap')
  const datagrams = packets.map(({ payload }, index) => ({
    time: 1_700_000_000_000 + index,
    from: { address: ip('10.77.0.1'), port: 67 },
    to: { address: ip('255.255.255.255'), port: 68 },
    payload: payload.slice(0, keep),
    length: payload.length
  }))
  writeFileSync(file, Buffer.concat([pcapHeader(), pcapRecords(datagrams)]))
  return file
}

function compared(title: string, compare: (t: ExecutionContext) => void): void {
  test(title, (t) => {
    if (HAS_TSHARK) return compare(t)
    t.log('not compared: tshark is not installed')
    t.pass()
  })
}

for (const [name, packets] of GOLDEN) {
  compared(`${name}: tshark says the same of its packets`, (t) => {
    const file = VECTORS.has(name) ? written(t, packets) : join(CAPTURES, name)
    t.deepEqual(packets.map(toldByUs), toldByTshark(file))
  })
}

const everyPacket = Array.from(GOLDEN.values()).flat()

compared('tshark finds every packet of a capture that we wrote, with checksums that are right', (t) => {
  const good = 'dhcp && ip.checksum.status == "Good" && udp.checksum.status == "Good" && !_ws.malformed'
  t.is(tshark(written(t, everyPacket), '-Y', good).length, everyPacket.length)
})

compared('tshark takes packets that were cut for what they are', (t) => {
  const file = written(t, everyPacket, 250)
  t.is(tshark(file, '-Y', 'dhcp && ip.checksum.status == "Good"').length, everyPacket.length)
  t.deepEqual(tshark(file, '-Y', '_ws.malformed || udp.checksum.status == "Bad"'), [])
})
