import test from 'ava'
import { redact } from '../../src/boot/secrets.ts'

for (const name of [
  'root_password_hash',
  'user_password_hash',
  'puppet_challenge',
  'luks_passphrase',
  'db_passwd',
  'client_secret',
  'registration_token',
  'aws_credentials',
  'tls_private_key',
  'api_key'
]) {
  test(`the value of ${name} is not shown`, (t) => {
    for (const value of ['hunter2', ['hunter2'], { a: 'hunter2' }, 42]) t.is(redact(name, value), '[redacted]')
    for (const locked of ['', '!', '*', null]) t.is(redact(name, locked), locked)
  })
}

test('other values are shown as they are', (t) => {
  for (const value of ['x', 7, true, null, ['ssh-ed25519 AAAA ann@example.org'], { a: [1, { b: null }] }]) {
    t.deepEqual(redact('ssh_keys', value), value)
  }
})

test('a secret inside of an object or a list is not shown', (t) => {
  const ldap = { host: 'ldap', bind: [{ user: 'cn=x', password: 'hunter2' }], Token: 'abc' }
  t.deepEqual(redact('ldap', ldap), {
    host: 'ldap',
    bind: [{ user: 'cn=x', password: '[redacted]' }],
    Token: '[redacted]'
  })
})

test('a password in a URL is not shown', (t) => {
  t.is(redact('mirror_proxy', 'http://ops:hunter2@10.20.0.1:3142/'), 'http://ops:[redacted]@10.20.0.1:3142/')
  t.is(redact('mirror_proxy', 'http://10.20.0.1:3142'), 'http://10.20.0.1:3142')
  t.deepEqual(redact('feeds', ['http://:p@x/y']), ['http://:[redacted]@x/y'])
})
