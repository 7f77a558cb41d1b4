import test from 'ava'
import { InventoryError, type InventoryErrorCode } from '../../src/inventory/errors.ts'
import type { Subnet } from '../../src/inventory/model.ts'
import { type AddressView, settleInterfaces } from '../../src/inventory/settle.ts'
import { SubnetIndex } from '../../src/inventory/subnet-index.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { machine, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const POOLED = subnet()
const OTHER = subnet({ cidr: '10.78.0.0/29', gateway: '10.78.0.1', dns: ['10.77.0.5'], ntp: [], pools: [] })

/** Nothing is in use but what a test says. */
function view(used: {
  machines?: Record<string, string>
  others?: Record<string, string>
  leased?: Ipv4
}): AddressView {
  return {
    machineByAddress: (address) => {
      const name = used.machines?.[address]
      return name === undefined ? undefined : machine(name, 99)
    },
    usedBy: (address) => used.others?.[address],
    leasedAddress: () => used.leased,
    isForHere: () => true,
    chosen: new Map()
  }
}

function addresses(interfaces: object[], used: Parameters<typeof view>[0] = {}, subnets: Subnet[] = [POOLED]) {
  const given = interfaces.map((each, index) => ({ mac: mac(index + 1), ...each }))
  const settled = settleInterfaces(view(used), new SubnetIndex(subnets), machine('m', 0, { interfaces: given }))
  return settled.map(({ ipv4 }) => ipv4 as string)
}

const chosen: [rule: string, addresses: string[], make: () => string[]][] = [
  [
    "the first free one, and never the subnet's own, a gateway's, a DNS or an NTP server's, an instance's, a lease's",
    ['10.77.0.6'],
    () => addresses([{}], { machines: { '10.77.0.4': 'db-1' }, others: { '10.77.0.1': 'us', '10.77.0.5': 'a lease' } })
  ],
  [
    "another subnet's DNS server's neither",
    ['10.77.0.6'],
    () => addresses([{ subnet: '10.77.0.0/24' }], { others: { '10.77.0.1': 'us', '10.77.0.4': 'x' } }, [POOLED, OTHER])
  ],
  ['one each', ['10.77.0.1', '10.77.0.4'], () => addresses([{}, {}])],
  [
    'none that another interface of it was given',
    ['10.77.0.4', '10.77.0.1'],
    () => addresses([{}, { ipv4: '10.77.0.1' }])
  ],
  [
    'the end of a pool when all else is taken, for dynamic clients get that last',
    ['10.77.0.109'],
    () => {
      const outside = Array.from({ length: 255 }, (_, last) => last).filter((last) => last < 100 || last > 109)
      return addresses([{}], { others: Object.fromEntries(outside.map((last) => [`10.77.0.${last}`, 'x'])) })
    }
  ],
  ['in the subnet named', ['10.78.0.2'], () => addresses([{ subnet: '10.78.0.0/29' }], {}, [POOLED, OTHER])],
  [
    'in the subnet it has a lease in',
    ['10.78.0.2'],
    () => addresses([{}], { leased: ip('10.78.0.4') }, [POOLED, OTHER])
  ],
  ['in the only subnet with a pool', ['10.77.0.1'], () => addresses([{}], {}, [OTHER, POOLED])],
  ['in the only subnet', ['10.78.0.2'], () => addresses([{}], {}, [OTHER])]
]

for (const [rule, expected, make] of chosen) {
  test(`a fixed address is chosen: ${rule}`, (t) => t.deepEqual(make(), expected))
}

test("a DNS server's address can be given on purpose: the server may be a machine", (t) => {
  t.deepEqual(addresses([{ ipv4: '10.77.0.2' }]), ['10.77.0.2'])
})

test('the interface tells its subnet afterwards', (t) => {
  const [settled] = settleInterfaces(view({}), new SubnetIndex([POOLED]), machine('m', 1))
  t.deepEqual(settled, { mac: mac(1), ipv4: ip('10.77.0.1'), subnet: POOLED.cidr })
})

const refused: [rule: string, code: InventoryErrorCode, message: RegExp, make: () => unknown][] = [
  [
    'in no subnet',
    'invalid',
    /10.9.0.1 is in no subnet: add its subnet first/,
    () => addresses([{ ipv4: '10.9.0.1' }])
  ],
  ['a broadcast address', 'invalid', /not a host's address/, () => addresses([{ ipv4: '10.77.0.255' }])],
  ['the gateway', 'taken', /the gateway of 10.77.0.0\/24/, () => addresses([{ ipv4: '10.77.0.254' }])],
  [
    "an instance's own",
    'taken',
    /belongs to this instance itself/,
    () => addresses([{ ipv4: '10.77.0.1' }], { others: { '10.77.0.1': 'this instance itself' } })
  ],
  [
    'one that is leased',
    'taken',
    /belongs to a lease of x/,
    () => addresses([{ ipv4: '10.77.0.100' }], { others: { '10.77.0.100': 'a lease of x' } })
  ],
  [
    "another machine's",
    'taken',
    /belongs to machine db-1/,
    () => addresses([{ ipv4: '10.77.0.9' }], { machines: { '10.77.0.9': 'db-1' } })
  ],
  ['one given twice', 'taken', /another interface/, () => addresses([{ ipv4: '10.77.0.9' }, { ipv4: '10.77.0.9' }])],
  ['without any subnet', 'invalid', /there is no subnet to take an address from/, () => addresses([{}], {}, [])],
  [
    'without a subnet to prefer',
    'invalid',
    /there are 10.78.0.0\/29, 10.79.0.0\/29$/,
    () => addresses([{}], {}, [OTHER, subnet({ cidr: '10.79.0.0/29', gateway: '10.79.0.1', pools: [] })])
  ],
  ['in a subnet that is not there', 'invalid', /no subnet 10.9.0.0\/24/, () => addresses([{ subnet: '10.9.0.0/24' }])],
  [
    'in a full subnet',
    'no-address',
    /10.78.0.0\/29 has no free address for 52:54:00:00:00:06/,
    () => addresses(Array(6).fill({ subnet: '10.78.0.0/29' }), {}, [OTHER])
  ]
]

for (const [rule, code, message, make] of refused) {
  test(`a fixed address is refused: ${rule}`, (t) => {
    const error = t.throws(make, { instanceOf: InventoryError, message })
    t.is(error.code, code)
  })
}
