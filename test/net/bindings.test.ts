import test from 'ava'
import { bindingsOf } from '../../src/net/udp.ts'
import { ip } from '../support/values.ts'

test('each interface has one socket for its broadcasts and one for each of its addresses; loopback has no broadcasts', (t) => {
  const interfaces = [
    { name: 'br0', address: ip('10.77.0.1') },
    { name: 'lo', address: ip('127.0.0.1') },
    { name: 'br1', address: ip('10.78.0.1') },
    { name: 'br0', address: ip('10.81.0.1') }
  ]
  const unspecified = ip('0.0.0.0')
  t.deepEqual(bindingsOf(interfaces, 67), [
    { address: unspecified, port: 67, device: 'br0' },
    { address: unspecified, port: 67, device: 'br1' },
    ...interfaces.map(({ address }) => ({ address, port: 67 }))
  ])
})
