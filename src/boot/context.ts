/**
 * The names a template may use. Anything else, also behind a filter, is an error.
 * Values are the machine's effective ones; absent ones are null, never undefined.
 */
export type TemplateContext = {
  machine: {
    /** The host name, and with the subnet's domain the full one. */
    name: string
    fqdn: string
    domain: string | null
    /** The interface the machine boots from, canonical (`52:54:00:00:00:0a`). */
    mac: string
    labels: Record<string, string>
    /** `exit` or `sanboot`: how a BIOS machine leaves iPXE for its disk. */
    localBoot: 'exit' | 'sanboot'
    /** What the firmware loaded at this power-on, such as `ipxe.efi`; null for an iPXE that was there already. */
    loader: string | null
    /** The disk to install on, such as /dev/sda or /dev/disk/by-id/...; null: the only one the machine has. */
    disk: string | null
  }
  /** Null for a machine that was given none. `facts` are what the role is recorded as. */
  role: { name: string; class: string } | null
  image: { name: string; family: string; release: string; architecture: string } | null
  network: {
    /** Null where the machine has no fixed address, or another DHCP server gives the addresses. */
    address: string | null
    mask: string
    prefix: number
    gateway: string | null
    dns: string[]
    ntp: string[]
  } | null
  /** Absolute URLs on this instance's configured address. */
  url: Urls
  /** The same, and then those on the other instance of a pair: whatever is fetched or told is tried at each, in their order. */
  urls: readonly Urls[]
  /** The same by TFTP: the servers' addresses, and names there. */
  tftp: {
    server: string
    servers: readonly string[]
    kernel: string | null
    initrd: string | null
    /** The machine's own configuration of GRUB and of pxelinux, to ask for it again. */
    grub: string
    pxelinux: string
  }
  /** The kernel's command line for an installer, each word as the kernel parses it. */
  kernelArguments: string[]
  /** The install generation, as `machine show` prints it; null where nothing is to be installed. */
  generation: string | null
  /** What the install leaves on the disk, by which its installer knows it again; null likewise. */
  marker: string | null
  /** Why the machine gets this answer, a sentence each. */
  reasons: string[]
  /** Merged: built-in defaults, global, subnet, image, role, machine. */
  vars: Record<string, unknown>
}

/** Null where the action has none. */
export type Urls = {
  script: string
  facts: string
  kernel: string | null
  initrd: string | null
  preseed: string | null
  status: string | null
}

/** Built-in defaults of the vars that the shipped templates use; every one can be set at subnet, image, role or machine, or globally. */
export const DEFAULT_VARS = {
  locale: 'en_US.UTF-8',
  keymap: 'us',
  timezone: 'Etc/UTC',
  /** Where the installer gets packages: a host name, and a directory on it; proxy as a URL or empty. */
  mirror_protocol: 'http',
  mirror_host: 'deb.debian.org',
  mirror_directory: '/debian',
  mirror_proxy: '',
  /** crypt(3) hashes as /etc/shadow holds them; `!` and `*` lock the password. */
  root_password_hash: '!',
  /** A user with sudo beside root; empty: none. */
  user: '',
  user_full_name: '',
  user_password_hash: '!',
  /** Public keys for root and the user, one OpenSSH line each. */
  ssh_keys: [] as string[],
  packages: ['openssh-server'] as string[],
  /** d-i partman recipe: atomic, home or multi. */
  partman_recipe: 'atomic'
} as const
