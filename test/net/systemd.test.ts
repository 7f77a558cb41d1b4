import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import test from 'ava'
import { loadLibc } from '../../src/net/libc.ts'
import { type Binding, bindingOf } from '../../src/net/socket.ts'
import { closeUnwanted, notifier, type PassedSocket, passedSockets } from '../../src/net/systemd.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { ip } from '../support/values.ts'
import { notifications, rawUdp } from './raw-socket.ts'

type PassedUdp = PassedSocket & { binding: Binding }

const libc = loadLibc()
const [AF_UNIX, SOCK_DGRAM] = [1, 2] as const

test('passed sockets are counted from 3 and have the names of their units; child processes are told nothing of them', (t) => {
  const env = { LISTEN_PID: '42', LISTEN_FDS: '3', LISTEN_FDNAMES: 'dhcp@br0:dhcp@10.77.0.1', PATH: '/bin' }
  t.deepEqual(
    passedSockets(env, 42).map(({ fd, name }) => [fd, name]),
    [
      [3, 'dhcp@br0'],
      [4, 'dhcp@10.77.0.1'],
      [5, '']
    ]
  )
  t.deepEqual(env as object, { PATH: '/bin' })
})

for (const [what, env] of [
  ['nothing', {}],
  ['what is meant for another process', { LISTEN_PID: '41', LISTEN_FDS: '1', LISTEN_FDNAMES: 'dhcp@br0' }],
  ['a number that is none', { LISTEN_PID: '42', LISTEN_FDS: 'two' }]
] as const) {
  test(`of ${what} no socket is taken`, (t) => {
    t.deepEqual(passedSockets({ ...env }, 42), [])
  })
}

test('a socket that is bound to something else is closed, and told of with what it is and what would be used', (t) => {
  const passed = ['127.0.0.1', '127.0.0.2'].map((address) => {
    const fd = rawUdp(ip(address))
    return { fd, name: `dhcp@${address}`, binding: bindingOf(libc, fd) as Binding }
  })
  const [wanted, unwanted] = passed as [PassedUdp, PassedUdp]
  const unix = { fd: libc.socket(AF_UNIX, SOCK_DGRAM, 0) as number, name: 'other', binding: undefined }
  const broadcasts = { address: ip('0.0.0.0'), port: 67, device: 'br0' }
  const used = `used are 127.0.0.1:${wanted.binding.port}, 0.0.0.0:67 on br0`
  t.deepEqual(closeUnwanted([...passed, unix], [wanted.binding, broadcasts]), [
    `systemd passed the socket "dhcp@127.0.0.2", which is not used: it is bound to 127.0.0.2:${unwanted.binding.port}; ${used}`,
    `systemd passed the socket "other", which is not used: it is no UDP socket over IPv4, or its interface is gone; ${used}`
  ])
  t.notDeepEqual(bindingOf(libc, unwanted.fd), unwanted.binding, 'closed')
  t.is(libc.close(wanted.fd), 0, 'still open')
})

test('where nothing is wanted, that is said', (t) => {
  const fd = rawUdp(ip('127.0.0.1'))
  t.regex(closeUnwanted([{ fd, name: 'dhcp@br0', binding: bindingOf(libc, fd) }], [])[0] ?? '', /; used are none$/)
})

for (const [what, addressIn] of [
  ['a path', (folder: string) => join(folder, 'notify')],
  ['an abstract address', () => `@tandem-test-${randomUUID()}`]
] as const) {
  test(`systemd is told at ${what}`, (t) => {
    const path = addressIn(tempFolder(t))
    const told = notifications(t, path)
    const env = { NOTIFY_SOCKET: path, PATH: '/bin' }
    const notify = notifier(env, (error) => t.fail(error.message))
    t.deepEqual(env as object, { PATH: '/bin' })
    notify('READY=1')
    notify('STOPPING=1')
    t.deepEqual(told(), ['READY=1', 'STOPPING=1'])
  })
}

test('where systemd did not ask, nothing is told; where nobody listens, that is said', (t) => {
  const failures: string[] = []
  notifier({}, ({ message }) => failures.push(message))('READY=1')
  t.deepEqual(failures, [])
  const path = join(tempFolder(t), 'nobody')
  notifier({ NOTIFY_SOCKET: path }, ({ message }) => failures.push(message))('READY=1')
  t.deepEqual(failures, [`sendto ${path}: ENOENT`])
})
