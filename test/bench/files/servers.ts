import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Ipv4 } from '../../../src/net/ipv4.ts'
import { run } from '../../e2e/lab/process.ts'
import { TANDEM } from '../figures.ts'
import { DEVICE } from '../link.ts'
import { PEERS } from '../peers.ts'
import { ADDRESS } from './site.ts'

/** A server to be measured, in the configuration that suits it best. */
export type FileServer = {
  readonly name: string
  readonly address: Ipv4
  /** With the name: `atftpd 0.8.0`. */
  version(): Promise<string>
  /**
   * @param files the folder that it serves. @param folder takes its configuration and state.
   * @returns the command that serves in the foreground.
   */
  configure(files: string, folder: string): Promise<readonly string[]>
}

const PROGRAM = resolve(import.meta.dirname, '../../../bin/tandem')

/** As it is installed, with its usual log. */
export const tandem: FileServer = {
  name: TANDEM,
  address: ADDRESS.tandem,
  version: async () => `Tandem ${(await run([PROGRAM, '--version'])).trim()} (Node ${process.version.slice(1)})`,
  async configure(files, folder) {
    const interfaces = `[{ name: ${DEVICE}, address: ${ADDRESS.tandem} }]`
    const config = join(folder, 'tandem.yaml')
    await writeFile(config, `state: state\nprovisioning:\n  interfaces: ${interfaces}\n  loaders: ${files}\n`)
    return [PROGRAM, 'serve', '--config', config]
  }
}

export const hpa: FileServer = {
  name: 'tftpd-hpa',
  address: ADDRESS.hpa,
  version: async () => `tftpd-hpa ${/hpa (\S+?),?\s/.exec(await run([join(PEERS, 'usr/sbin/in.tftpd'), '-V']))?.[1]}`,
  configure: async (files) => {
    const program = join(PEERS, 'usr/sbin/in.tftpd')
    return [program, '--foreground', '--address', `${ADDRESS.hpa}:69`, '--user', 'root', '--secure', files]
  }
}

export const atftpd: FileServer = {
  name: 'atftpd',
  address: ADDRESS.atftpd,
  version: async () => `atftpd ${/\d+\.\d+\.\d+/.exec(await run([join(PEERS, 'usr/sbin/atftpd'), '--version']))?.[0]}`,
  configure: async (files) => {
    const who = ['--user', 'root', '--group', 'root', '--bind-address', ADDRESS.atftpd, '--maxthread', '2000']
    return [join(PEERS, 'usr/sbin/atftpd'), '--daemon', '--no-fork', '--verbose=0', ...who, files]
  }
}

export const dnsmasq: FileServer = {
  name: 'dnsmasq',
  address: ADDRESS.dnsmasq,
  version: async () => `dnsmasq ${/version (\S+)/.exec(await run(['dnsmasq', '--version']))?.[1]}`,
  configure: async (files) => {
    const own = [
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--pid-file',
      '--user=root',
      '--port=0',
      '--quiet-tftp'
    ]
    const at = [`--listen-address=${ADDRESS.dnsmasq}`, '--bind-interfaces']
    return ['dnsmasq', ...own, ...at, '--enable-tftp', `--tftp-root=${files}`, '--tftp-max=2000']
  }
}

export const npmTftp: FileServer = {
  name: 'npm tftp',
  address: ADDRESS.npm,
  version: async () => 'npm tftp 0.1.2',
  configure: async (files) => [process.execPath, join(import.meta.dirname, 'npm-tftp-server.ts'), ADDRESS.npm, files]
}

/** As Debian configures it, access log included; but a connection may stay for as long as it likes. */
export const nginx: FileServer = {
  name: 'nginx',
  address: ADDRESS.nginx,
  version: async () => `nginx ${/nginx\/(\S+)/.exec(await run(['sh', '-c', `${nginxProgram()} -v 2>&1`]))?.[1]}`,
  async configure(files, folder) {
    const config = join(folder, 'nginx.conf')
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`
    )
    await mkdir(folder, { recursive: true })
    await writeFile(
      config,
      `user root;
daemon off;
worker_processes auto;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.error.log;
events { worker_connections 768; }
http {
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  default_type application/octet-stream;
  access_log ${folder}/nginx.access.log;
  keepalive_requests 1000000000;
  ${paths.join('\n  ')}
  server { listen ${ADDRESS.nginx}:80; root ${files}; }
}
`
    )
    return [nginxProgram(), '-c', config, '-p', folder, '-e', join(folder, 'nginx.error.log')]
  }
}

function nginxProgram(): string {
  return join(PEERS, 'usr/sbin/nginx')
}
