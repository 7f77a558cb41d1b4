import test from 'ava'
import { apiTokenChange, apiTokenName, hashSecret, newSecret } from '../../src/inventory/tokens.ts'
import { dump, machine, openStore } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

test('an API token is known by its secret, of which only the hash is stored', async (t) => {
  const { db, inventory } = openStore()
  const secret = newSecret()
  await inventory.write([apiTokenChange('admin', secret, 7)])
  t.is(apiTokenName(db, secret), 'admin')
  for (const other of ['', newSecret(), hashSecret(secret), secret.toUpperCase()])
    t.is(apiTokenName(db, other), undefined)
  t.false(JSON.stringify(dump(db)).includes(secret))
})

test("an attempt's token opens no administrator's door, nor the other way round", async (t) => {
  const { db, inventory, attempts } = openStore()
  const { token } = await attempts.mint(machine('db-1', 1), { mac: mac(1), address: ip('10.77.0.4'), lease: 'x' })
  t.is(apiTokenName(db, token), undefined)
  const secret = newSecret()
  await inventory.write([apiTokenChange('admin', secret, 7)])
  t.is(attempts.byToken(secret), undefined)
})

test('secrets are of 256 bits, safe in a URL and never the same', (t) => {
  const secrets = Array.from({ length: 100 }, newSecret)
  t.is(new Set(secrets).size, 100)
  for (const secret of secrets) t.regex(secret, /^[A-Za-z0-9_-]{43}$/)
})
