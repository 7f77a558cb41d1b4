import test from 'ava'
import { FreedAddresses } from '../../src/inventory/freed.ts'
import { becomeSole, reckonWithLost } from '../../src/pair/membership.ts'
import { change, machine, openStore, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

/** Seconds. */
const HALF_A_DAY = 43_200
const FIXED = ip('10.77.0.20')

/** An instance whose peer is gone for good: of machine 1 it heard, that it is removed it was never told. */
async function survivor() {
  const store = openStore()
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(1), ipv4: FIXED }] }))
  })
  store.inventory.acknowledged(store.inventory.log.seq)
  return store
}

test('a fixed address that the lost instance may have given is in use until that lease ends, though its machine is removed', async (t) => {
  const store = await survivor()
  const { clock, db, inventory, leases } = store
  await reckonWithLost(store)
  becomeSole(store)
  await change(store, (draft) => draft.delete('machine', 'db-1'))
  t.true(leases.isTaken(FIXED, mac(2)))
  t.is(inventory.usedBy(FIXED, [mac(2)]), `a lease of ${mac(1)}`)
  t.is(openStore({ db, clock }).leases.active(FIXED)?.mac, mac(1))
  clock.advance(HALF_A_DAY)
  t.false(leases.isTaken(FIXED, mac(2)))
})

test('so is one that was taken from its machine without the lost instance hearing of it', async (t) => {
  const store = await survivor()
  const { db, leases } = store
  await change(store, (draft) => draft.delete('machine', 'db-1'))
  t.deepEqual([...new FreedAddresses(db).entries()], [{ address: FIXED, mac: mac(1) }])
  await reckonWithLost(store)
  becomeSole(store)
  t.true(leases.isTaken(FIXED, mac(2)))
  t.deepEqual([...new FreedAddresses(db).entries()], [])
})

test("what is known of a client's lease stays, and somebody else's lease is left alone", async (t) => {
  const store = await survivor()
  const { clock, leases } = store
  await change(store, (draft) =>
    draft.putMachine(machine('db-2', 2, { interfaces: [{ mac: mac(2), ipv4: ip('10.77.0.21') }] }))
  )
  const known = { clientId: '01aa', hostName: 'db-1', stage: 'ipxe' } as const
  await leases.grant([
    { address: FIXED, mac: mac(1), seconds: 600, ...known },
    { address: ip('10.77.0.21'), mac: mac(3), seconds: 600 }
  ])
  await reckonWithLost(store)
  t.like(leases.active(FIXED), { mac: mac(1), expiresAt: clock.time + HALF_A_DAY * 1000, ...known })
  t.like(leases.active(ip('10.77.0.21')), { mac: mac(3), expiresAt: clock.time + 600_000 })
})
