import { DEFAULT_VARS, type TemplateContext } from '../../src/boot/context.ts'

const URLS = {
  script: 'http://10.20.0.1/boot/52:54:00:00:00:0a/ipxe',
  facts: 'http://10.20.0.1/boot/52:54:00:00:00:0a/facts',
  kernel: 'http://10.20.0.1/boot/files/debian-12/aa/linux',
  initrd: 'http://10.20.0.1/boot/files/debian-12/bb/initrd.gz',
  preseed: 'http://10.20.0.1/boot/attempts/t0ken/preseed',
  status: 'http://10.20.0.1/boot/attempts/t0ken/status'
}

/** The same on the other instance of a pair. */
const PEER_URLS = Object.fromEntries(
  Object.entries(URLS).map(([name, url]) => [name, url.replace('10.20.0.1', '10.20.0.9')])
) as typeof URLS

/** Everything set: a machine with a fixed address, a role, a user and keys. */
export function fullContext(): TemplateContext {
  return {
    machine: {
      name: 'compute-3',
      fqdn: 'compute-3.example.org',
      domain: 'example.org',
      mac: '52:54:00:00:00:0a',
      labels: { rack: 'b7' },
      localBoot: 'sanboot',
      loader: 'ipxe.efi',
      disk: '/dev/disk/by-id/ata-DISK_1'
    },
    role: { name: 'openstack::compute', class: 'role::openstack::compute' },
    image: { name: 'debian-12', family: 'debian', release: 'bookworm', architecture: 'amd64' },
    network: {
      address: '10.20.0.3',
      mask: '255.255.255.0',
      prefix: 24,
      gateway: '10.20.0.1',
      dns: ['10.20.0.1', '10.20.0.2'],
      ntp: ['10.20.0.1']
    },
    url: URLS,
    urls: [URLS],
    tftp: {
      server: '10.20.0.1',
      servers: ['10.20.0.1'],
      kernel: 'boot/files/debian-12/aa/linux',
      initrd: 'boot/files/debian-12/bb/initrd.gz',
      grub: 'grub/grub.cfg-01-52-54-00-00-00-0a',
      pxelinux: 'pxelinux.cfg/01-52-54-00-00-00-0a'
    },
    kernelArguments: ['auto=true', 'priority=critical', '---', 'console=ttyS0,115200n8'],
    generation: '7.a',
    marker: 'tandem installed 7.a 0badcafe',
    reasons: ['install 7.a was requested', 'it was offered 0 times of 2'],
    vars: {
      ...DEFAULT_VARS,
      mirror_proxy: 'http://10.20.0.1:3142',
      root_password_hash: '$6$salt$hash',
      user: 'ops',
      user_full_name: 'Operations',
      user_password_hash: '$6$salt$other',
      ssh_keys: ['ssh-ed25519 AAAA ann@example.org', "ssh-ed25519 BBBB bob's key"],
      packages: ['openssh-server', 'puppet-agent=7.23.0-1']
    }
  }
}

/** As little as an install needs: an address by DHCP, no role, the only disk, nobody but root. */
export function bareContext(): TemplateContext {
  const full = fullContext()
  return {
    ...full,
    machine: {
      ...full.machine,
      fqdn: 'compute-3',
      domain: null,
      labels: {},
      localBoot: 'exit',
      loader: null,
      disk: null
    },
    role: null,
    network: { address: null, mask: '255.255.255.0', prefix: 24, gateway: null, dns: [], ntp: [] },
    kernelArguments: [],
    reasons: [],
    vars: { ...DEFAULT_VARS }
  }
}

/** What a machine is sent by one of a pair. */
export function pairContext(): TemplateContext {
  const full = fullContext()
  return { ...full, urls: [URLS, PEER_URLS], tftp: { ...full.tftp, servers: ['10.20.0.1', '10.20.0.9'] } }
}
