import { createSocket } from 'node:dgram'
import { type Option, packet, type Reply, readReply } from './dhcp-packet.ts'
import { type ForeignServer, type Probe, withServer } from './probe.ts'

type Answer = Reply & { readonly to: string }

type Talk = Omit<Probe, 'package' | 'run'> & {
  readonly packets: readonly Uint8Array[]
  /** The pool starts at 10.77.0.10. */
  readonly poolEnd?: string
  readonly show?: (answer: Answer) => string
}

/** The last bytes of the machines' MACs. */
const MACHINE = 0x0a
const OTHER = 0x0b
const WITNESS = 0xff

const LEASED = [10, 77, 0, 10]
const RELAY = [10, 9, 0, 1]

const requested = (...address: number[]): Option => [50, ...address]
const serverId = (last: number): Option => [54, 10, 77, 0, last]
const requestList = (...codes: number[]): Option => [55, ...codes]
const firmware = (architecture: number, vendorClass: string): Option[] => [
  [93, 0, architecture],
  [94, 1, 3, 0],
  [97, ...Buffer.from('0044454c4c420010358051b4c04f4e4331', 'hex')],
  [60, ...Buffer.from(vendorClass)]
]

const ipxe = packet(MACHINE, 'DISCOVER', [
  ...firmware(0, 'PXEClient:Arch:00000:UNDI:002001'),
  [77, ...Buffer.from('iPXE')],
  requestList(1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203)
])
const edk2 = packet(MACHINE, 'DISCOVER', [
  ...firmware(7, 'PXEClient:Arch:00007:UNDI:003000'),
  requestList(1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97)
])
const discover = packet(MACHINE, 'DISCOVER', [])
const request = packet(MACHINE, 'REQUEST', [requested(...LEASED), serverId(1)])

const TALKS: readonly Talk[] = [
  {
    claim: "iPXE's DISCOVER ends the process",
    how: 'DISCOVER with options 60, 77, 93, 94, 97 and the request list of iPXE',
    packets: [ipxe],
    seen: 'the process ends: Error: Invalid option undefined'
  },
  {
    claim: "UEFI's PXE DISCOVER ends the process",
    how: 'DISCOVER with options 60, 93, 94, 97 and the request list of EDK2',
    packets: [edk2],
    seen: 'the process ends: Error: Invalid option undefined'
  },
  {
    claim: 'the cause: a request for option 60',
    how: 'DISCOVER with the request list 1, 60 and nothing else',
    packets: [packet(MACHINE, 'DISCOVER', [requestList(1, 60)])],
    seen: 'the process ends: Error: Invalid option undefined'
  },
  {
    claim: 'the cause: a request for option 50',
    how: 'DISCOVER with the request list 1, 50 and nothing else',
    packets: [packet(MACHINE, 'DISCOVER', [requestList(1, 50)])],
    seen: 'the process ends: Error: Invalid option undefined'
  },
  {
    claim: 'options 93, 94, 97 are skipped; they alone do no harm',
    how: 'DISCOVER with options 60, 93, 94, 97 and the request list 1, 3',
    packets: [packet(MACHINE, 'DISCOVER', [...firmware(0, 'PXEClient'), requestList(1, 3)])],
    seen: 'OFFER 10.77.0.10'
  },
  {
    claim: 'a relay is never answered (RFC 2131, 4.1: to giaddr, port 67)',
    how: 'DISCOVER with giaddr 10.9.0.1',
    packets: [packet(MACHINE, 'DISCOVER', [], { giaddr: RELAY })],
    show: ({ text, to }) => `${text}, sent to ${to}`,
    seen: 'OFFER 10.77.0.10, sent to 10.77.0.255:68'
  },
  {
    claim: 'option 82 is not echoed (RFC 3046, 2.2)',
    how: 'DISCOVER with giaddr 10.9.0.1 and a circuit ID in option 82',
    packets: [packet(MACHINE, 'DISCOVER', [[82, 1, 3, 0x62, 0x72, 0x31]], { giaddr: RELAY })],
    show: ({ text, options }) => `${text} with options ${options.join(', ')}`,
    seen: 'OFFER 10.77.0.10 with options 1, 3, 6, 51, 54'
  },
  {
    claim: 'no NAK for an address of another network (RFC 2131, 4.3.2)',
    how: 'REQUEST for 192.168.9.9 after a reboot',
    packets: [packet(MACHINE, 'REQUEST', [requested(192, 168, 9, 9)])],
    seen: 'ACK 10.77.0.10'
  },
  {
    claim: "another server's REQUEST is acknowledged (RFC 2131, 4.3.2)",
    how: 'REQUEST for 10.77.0.200 that names the server 10.77.0.99',
    packets: [packet(MACHINE, 'REQUEST', [requested(10, 77, 0, 200), serverId(99)])],
    seen: 'ACK 10.77.0.10'
  },
  {
    claim: 'DECLINE has no effect (RFC 2131, 4.3.3)',
    how: 'DISCOVER, REQUEST, DECLINE, DISCOVER of one machine',
    packets: [discover, request, packet(MACHINE, 'DECLINE', [requested(...LEASED), serverId(1)]), discover],
    seen: 'OFFER 10.77.0.10; ACK 10.77.0.10; no answer; OFFER 10.77.0.10'
  },
  {
    claim: 'one machine more than addresses ends the process',
    how: 'pool of two addresses, DISCOVER of three machines',
    packets: [discover, packet(OTHER, 'DISCOVER', [])],
    poolEnd: '10.77.0.11',
    seen: "OFFER 10.77.0.10; the process ends: TypeError: Cannot read properties of undefined (reading 'split')"
  },
  {
    claim: 'RELEASE frees no address (RFC 2131, 4.3.4)',
    how: 'the same, the first machine having released its address',
    packets: [
      discover,
      request,
      packet(MACHINE, 'RELEASE', [serverId(1)], { ciaddr: LEASED }),
      packet(OTHER, 'DISCOVER', [])
    ],
    poolEnd: '10.77.0.11',
    seen: "OFFER 10.77.0.10; ACK 10.77.0.10; no answer; the process ends: TypeError: Cannot read properties of undefined (reading 'split')"
  },
  {
    claim: 'INFORM is not answered (RFC 2131, 4.3.5)',
    how: 'INFORM from 10.77.0.50',
    packets: [packet(MACHINE, 'INFORM', [], { ciaddr: [10, 77, 0, 50] })],
    seen: 'no answer'
  }
]

export const DHCP_PROBES: readonly Probe[] = TALKS.map(({ claim, how, seen, packets, poolEnd, show }) => ({
  package: 'dhcp',
  claim,
  how,
  seen,
  run: () =>
    withServer('dhcp-server.ts', poolEnd ?? '10.77.0.99', async (server) => {
      const answers: string[] = []
      for (const packet of packets) answers.push(await ask(server, packet, show ?? (({ text }) => text)))
      return answers.join('; ')
    })
}))

/**
 * Sends a packet, and after it the witness's DISCOVER. The server deals with datagrams one by one, so the witness's
 * OFFER shows that it lives and that no other answer is to come: silence is seen without waiting for it.
 */
async function ask(server: ForeignServer, bytes: Uint8Array, show: (answer: Answer) => string): Promise<string> {
  const socket = createSocket('udp4')
  const answered = answerBeforeWitness(server)
  try {
    socket.send(bytes, server.port, '127.0.0.1', () => {
      socket.send(packet(WITNESS, 'DISCOVER', []), server.port, '127.0.0.1')
    })
    const answer = await Promise.race([answered, server.ended])
    if (answer === undefined) return 'no answer'
    return typeof answer === 'string' ? answer : show(answer)
  } finally {
    socket.close()
  }
}

function answerBeforeWitness(server: ForeignServer): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    let answer: Answer | undefined
    server.process.on('message', function hear(message: { to: string; packet: string }) {
      const reply = readReply(Buffer.from(message.packet, 'hex'))
      if (reply.machine !== WITNESS) {
        answer = { ...reply, to: message.to }
        return
      }
      server.process.off('message', hear)
      resolve(answer)
    })
  })
}
