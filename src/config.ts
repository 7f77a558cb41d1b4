import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Static, Type } from 'typebox'
import { isMap } from 'yaml'
import { BOOT_SERVER_OFFSET } from './dhcp/proxy-port.ts'
import type { ClientLimits } from './net/client-limits.ts'
import { type Ipv4, parseIpv4 } from './net/ipv4.ts'
import { choice, type Finding, fieldOf, Validator } from './net/validation.ts'
import { FileError, parseYaml } from './yaml.ts'

const strict = { additionalProperties: false } as const
const HIGHEST_PORT = 65535
const HIGHEST_PROXY_PORT = HIGHEST_PORT - BOOT_SERVER_OFFSET
/** MiB. */
const HIGHEST_MEMORY = 1 << 20
const HIGHEST_LIMIT = 65_536
const Port = Type.Integer({ minimum: 1, maximum: HIGHEST_PORT })

const ConfigFile = Type.Object(
  {
    instance: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' })),
    state: Type.Optional(Type.String({ minLength: 1 })),
    log: Type.Optional(choice(['debug', 'info', 'warn'])),
    provisioning: Type.Object(
      {
        interfaces: Type.Array(
          Type.Object(
            { name: Type.String({ minLength: 1, maxLength: 15 }), address: Type.Optional(Type.String()) },
            strict
          ),
          { minItems: 1, maxItems: 64 }
        ),
        http: Type.Optional(Port),
        tftp: Type.Optional(Port),
        dhcp: Type.Optional(
          Type.Object(
            { port: Type.Optional(Port), mode: Type.Optional(choice(['authoritative', 'proxy', 'off'])) },
            strict
          )
        ),
        loaders: Type.Optional(Type.String({ minLength: 1 })),
        signedLoaders: Type.Optional(Type.String({ minLength: 1 })),
        offers: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
        maxBlockSize: Type.Optional(Type.Integer({ minimum: 512, maximum: 65_464 })),
        memory: Type.Optional(Type.Integer({ minimum: 0, maximum: HIGHEST_MEMORY })),
        limits: Type.Optional(
          Type.Object(
            {
              perClient: Type.Optional(Type.Integer({ minimum: 1, maximum: HIGHEST_LIMIT })),
              total: Type.Optional(Type.Integer({ minimum: 1, maximum: HIGHEST_LIMIT }))
            },
            strict
          )
        )
      },
      strict
    ),
    pair: Type.Optional(
      Type.Object(
        {
          listen: Type.String(),
          peer: Type.String(),
          mclt: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400 })),
          autonomy: Type.Optional(Type.Integer({ minimum: 600, maximum: 30 * 86_400 }))
        },
        strict
      )
    ),
    admin: Type.Optional(
      Type.Object(
        {
          listen: Type.Optional(Type.String()),
          tls: Type.Optional(
            Type.Object({ cert: Type.String({ minLength: 1 }), key: Type.String({ minLength: 1 }) }, strict)
          )
        },
        strict
      )
    )
  },
  strict
)

type Listen = { readonly address: Ipv4; readonly port: number }

/** What the daemon runs with; defaults filled in, paths absolute. */
export type Config = {
  /** This instance's name in a pair. */
  readonly instance: string
  /** The folder of the SQLite file, the keys and the image files. */
  readonly state: string
  readonly log: 'debug' | 'info' | 'warn'
  /** The addresses may be left to the interface: its first IPv4 address then. */
  readonly interfaces: readonly { readonly name: string; readonly address?: Ipv4 }[]
  readonly ports: { readonly http: number; readonly tftp: number; readonly dhcp: number }
  /** `proxy`: tells machines what they boot, beside another server that gives them their addresses. */
  readonly dhcp: 'authoritative' | 'proxy' | 'off'
  /** The folder of iPXE's loaders. */
  readonly loaders: string
  /** The folder of Debian's signed shim and GRUB, which Secure Boot accepts. */
  readonly signedLoaders: string
  /** In how many power-ons a generation's installer is offered before the machine is told to wait. */
  readonly offers: number
  /** Bytes that a TFTP block may have; left out: what the path's MTU takes. */
  readonly maxBlockSize?: number
  /** Bytes of boot files that are kept in memory. */
  readonly memory: number
  /** TFTP transfers, and as many HTTP connections. */
  readonly limits: ClientLimits
  /** The other instance; left out where there is none. Times in seconds: address-rules.ts. */
  readonly pair?: {
    readonly listen: Listen
    readonly peer: Listen
    readonly mclt: number
    readonly autonomy: number
  }
  readonly admin: { readonly address: Ipv4; readonly port: number; readonly tls?: { cert: string; key: string } }
}

/** Where Debian's package ipxe has its files. */
export const DEFAULT_LOADERS = '/usr/lib/ipxe'
/** Where Debian's package debian-installer-12-netboot-amd64 has its files. */
export const DEFAULT_SIGNED_LOADERS = '/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64'
const DEFAULT_OFFERS = 2
/** Seconds. */
const DEFAULT_MCLT = 600
const DEFAULT_AUTONOMY = 86_400
const MIB = 1 << 20
const DEFAULT_MEMORY = 256 * MIB
const DEFAULT_TOTAL = 4096

/** Runs without a configuration file and without privileges, on loopback alone. */
export function embeddedConfig(state: string): Config {
  return {
    instance: 'a',
    state: resolve(state),
    log: 'info',
    interfaces: [{ name: 'lo', address: '127.0.0.1' as Ipv4 }],
    ports: { http: 8080, tftp: 6969, dhcp: 6767 },
    dhcp: 'authoritative',
    loaders: DEFAULT_LOADERS,
    signedLoaders: DEFAULT_SIGNED_LOADERS,
    offers: DEFAULT_OFFERS,
    memory: DEFAULT_MEMORY,
    limits: { perClient: undefined, total: DEFAULT_TOTAL },
    admin: { address: '127.0.0.1' as Ipv4, port: 8443 }
  }
}

/** @throws {FileError} naming every error with its line. */
export function loadConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new FileError([
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code}): \`tandem init\` writes one`
    ])
  }
  return parseConfig(text, path)
}

export function parseConfig(text: string, path: string): Config {
  const { document, value, lineAt } = parseYaml(text, path)
  const findings = [...new Validator().check(ConfigFile, value), ...furtherFindings(value)]
  if (findings.length > 0) {
    const located = findings.map((finding) => ({ ...finding, line: lineOf(finding) }))
    located.sort((a, b) => a.line - b.line)
    throw new FileError(
      located.map(({ path: at, message, line }) => `${path}:${line}: ${fieldOf(at) || 'the file'}: ${message}`)
    )
  }
  return configFrom(value as Static<typeof ConfigFile>, dirname(resolve(path)))

  /** The line of the value, of its key when the field is unknown, or of the nearest thing around a missing one. */
  function lineOf({ path: at }: Finding): number {
    const parts = at.split('/').slice(1)
    for (let depth = parts.length; depth > 0; depth -= 1) {
      const parent = depth === 1 ? document.contents : document.getIn(parts.slice(0, depth - 1), true)
      const name = parts[depth - 1]
      if (isMap(parent)) {
        const pair = parent.items.find((item) => String(item.key) === name)
        const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range
        if (range) return lineAt(range[0])
      } else {
        const node = document.getIn(parts.slice(0, depth), true) as { range?: [number, number, number] } | undefined
        if (node?.range) return lineAt(node.range[0])
      }
    }
    return 1
  }
}

/** What a schema can't say: addresses are addresses, `listen` has a port, and ProxyDHCP's second one is one. */
function furtherFindings(value: unknown): Finding[] {
  const file = value as {
    provisioning?: { interfaces?: unknown; dhcp?: { port?: unknown; mode?: unknown } }
    admin?: { listen?: unknown }
    pair?: { listen?: unknown; peer?: unknown }
  } | null
  const interfaces = file?.provisioning?.interfaces
  const findings = (Array.isArray(interfaces) ? interfaces : []).flatMap((each: { address?: unknown } | null, index) =>
    typeof each?.address === 'string'
      ? wrong(`/provisioning/interfaces/${index}/address`, () => parseIpv4(each.address as string))
      : []
  )
  const listen = file?.admin?.listen
  if (typeof listen === 'string') findings.push(...wrong('/admin/listen', () => parseListen(listen)))
  for (const field of ['listen', 'peer'] as const) {
    const text = file?.pair?.[field]
    if (typeof text === 'string') findings.push(...wrong(`/pair/${field}`, () => parseListen(text)))
  }
  const { port, mode } = file?.provisioning?.dhcp ?? {}
  if (mode === 'proxy' && Number(port) > HIGHEST_PROXY_PORT) {
    const message = `must be <= ${HIGHEST_PROXY_PORT} in mode proxy, which also serves the port ${BOOT_SERVER_OFFSET} above`
    findings.push({ path: '/provisioning/dhcp/port', message })
  }
  return findings
}

function wrong(path: string, parse: () => unknown): Finding[] {
  try {
    parse()
    return []
  } catch (error) {
    return [{ path, message: (error as Error).message }]
  }
}

function parseListen(text: string): { address: Ipv4; port: number } {
  const [address = '', port = '', ...rest] = text.split(':')
  if (rest.length > 0 || !/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    throw new TypeError(`"${text}" is not an address with a port like 127.0.0.1:8443`)
  }
  return { address: parseIpv4(address), port: Number(port) }
}

function configFrom(file: Static<typeof ConfigFile>, folder: string): Config {
  const { provisioning, admin, pair } = file
  return {
    instance: file.instance ?? 'a',
    state: resolve(folder, file.state ?? '/var/lib/tandem'),
    log: file.log ?? 'info',
    interfaces: provisioning.interfaces.map(({ name, address }) =>
      address === undefined ? { name } : { name, address: parseIpv4(address) }
    ),
    ports: { http: provisioning.http ?? 80, tftp: provisioning.tftp ?? 69, dhcp: provisioning.dhcp?.port ?? 67 },
    dhcp: provisioning.dhcp?.mode ?? 'authoritative',
    loaders: resolve(folder, provisioning.loaders ?? DEFAULT_LOADERS),
    signedLoaders: resolve(folder, provisioning.signedLoaders ?? DEFAULT_SIGNED_LOADERS),
    offers: provisioning.offers ?? DEFAULT_OFFERS,
    ...(provisioning.maxBlockSize === undefined ? {} : { maxBlockSize: provisioning.maxBlockSize }),
    memory: provisioning.memory === undefined ? DEFAULT_MEMORY : provisioning.memory * MIB,
    limits: { perClient: provisioning.limits?.perClient, total: provisioning.limits?.total ?? DEFAULT_TOTAL },
    ...(pair && {
      pair: {
        listen: parseListen(pair.listen),
        peer: parseListen(pair.peer),
        mclt: pair.mclt ?? DEFAULT_MCLT,
        autonomy: pair.autonomy ?? DEFAULT_AUTONOMY
      }
    }),
    admin: {
      ...parseListen(admin?.listen ?? '127.0.0.1:8443'),
      ...(admin?.tls ? { tls: { cert: resolve(folder, admin.tls.cert), key: resolve(folder, admin.tls.key) } } : {})
    }
  }
}
