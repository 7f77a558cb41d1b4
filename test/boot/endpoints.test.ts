import test from 'ava'
import { Endpoints, paths } from '../../src/boot/endpoints.ts'
import { cidr, ip } from '../support/values.ts'

const INTERFACES = [
  { name: 'br0', address: ip('10.77.0.1'), network: cidr('10.77.0.0/24') },
  { name: 'br1', address: ip('10.78.0.1'), network: cidr('10.78.0.0/24') }
]

test('a machine is told the address on its own network, one elsewhere the first', (t) => {
  const endpoints = new Endpoints(INTERFACES, 80)
  t.is(endpoints.addressFor(ip('10.78.0.9')), ip('10.78.0.1'))
  t.is(endpoints.addressFor(ip('10.99.0.9')), ip('10.77.0.1'))
  t.is(endpoints.addressFor(undefined), ip('10.77.0.1'))
})

test('both addresses are own, and no other', (t) => {
  const endpoints = new Endpoints(INTERFACES, 80)
  t.deepEqual(
    ['10.77.0.1', '10.78.0.1', '10.77.0.2'].map((each) => endpoints.isOwn(each)),
    [true, true, false]
  )
})

test('a URL names the port unless it is 80', (t) => {
  t.is(
    new Endpoints(INTERFACES, 80).url(ip('10.77.0.1'), paths.loader('ipxe.efi')),
    'http://10.77.0.1/boot/loaders/ipxe.efi'
  )
  t.is(
    new Endpoints(INTERFACES, 8080).url(ip('10.77.0.1'), paths.preseed('T')),
    'http://10.77.0.1:8080/boot/attempts/T/preseed'
  )
})
