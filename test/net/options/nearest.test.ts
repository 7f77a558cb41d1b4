import test from 'ava'
import { nearest } from '../../../src/net/options/nearest.ts'
import { OPTION } from '../../../src/net/options/table.ts'

const NAMES = Object.values(OPTION).map(({ name }) => name)

for (const [meant, name] of [
  ['ntp-server', 'ntp-servers'],
  ['ntp_servers', 'ntp-servers'],
  ['ntpServers', 'ntp-servers'],
  ['domain-servers', 'domain-name-servers'],
  ['router', 'routers'],
  ['mtu', 'interface-mtu'],
  ['bootfile-name', 'boot-file-name'],
  ['boot-filename', 'boot-file-name'],
  ['boot-fiel-name', 'boot-file-name'],
  ['tftp-server', 'tftp-server-name'],
  ['classless-static-route', 'classless-static-routes'],
  ['dns-servers', undefined],
  ['', undefined],
  ['--', undefined],
  ['a'.repeat(1000), undefined]
] as const) {
  test(`"${meant.slice(0, 40)}" probably means ${name ?? 'nothing of these'}`, (t) => t.is(nearest(meant, NAMES), name))
}
