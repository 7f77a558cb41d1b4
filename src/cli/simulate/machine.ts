import { SHIM } from '../../net/firmware.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import type { Mac } from '../../net/mac.ts'
import { get } from '../../tftp/client.ts'
import { CommandFailed } from '../errors.ts'
import { DhcpClient, type DhcpPlace, type Lease } from './dhcp.ts'
import { HttpClient, withoutToken } from './http.ts'
import type { Profile } from './profile.ts'
import { interpret } from './script.ts'

/** Told of each step, as `dhcp`, `DISCOVER (bios) -> OFFER 10.77.0.10, undionly.kpxe`. */
export type Seen = (protocol: string, text: string) => void

export type Place = DhcpPlace & { readonly tftpPort: number }

/** How a simulated boot ended. */
export type Outcome = 'installed' | 'local'

/** What shim loads, from the folder that it was in itself. */
const GRUB = 'grub/grubx64.efi'
const LOADER_LIMIT = 64 * 1024 * 1024
const FIRST_BYTES = 65_536
const STAGES = ['fetched', 'partitioning', 'installing', 'installed'] as const

/** One power-on of a machine that isn't there: it says what that firmware says, and believes what it is told. */
export class SimulatedMachine {
  readonly #place: Place
  readonly #profile: Profile
  readonly #mac: Mac
  readonly #uuid: string
  readonly #seen: Seen
  readonly #dhcp: DhcpClient
  readonly #http: HttpClient

  constructor(place: Place, profile: Profile, mac: Mac, seen: Seen) {
    this.#place = place
    this.#profile = profile
    this.#mac = mac
    this.#seen = seen
    this.#uuid = `00000000-0000-4000-8000-${mac.replaceAll(':', '')}`
    this.#dhcp = new DhcpClient(place, mac, this.#uuid)
    this.#http = new HttpClient(place.relay)
  }

  /** @throws {CommandFailed} saying where and why the machine would have stopped. */
  async boot(): Promise<Outcome> {
    const seen = (text: string) => this.#seen('dhcp', text)
    if (this.#profile.firmware !== 'ipxe') {
      const lease = await this.#dhcp.lease(this.#profile, 'firmware', seen)
      await this.#loadLoader(lease)
      if (lease.bootFile === SHIM.file) await this.#loadSigned(lease)
    }
    const lease = await this.#dhcp.lease(this.#profile, 'ipxe', seen)
    if (!lease.bootFile?.startsWith('http://')) {
      throw new CommandFailed(`iPXE got no script URL from DHCP, but ${lease.bootFile ?? 'nothing'}`)
    }
    const script = await this.#http.get(lease.bootFile)
    this.#seen('http', `GET ${withoutToken(lease.bootFile)} -> script, ${script.bytes.length} bytes`)
    return this.#follow(script.bytes.toString(), lease)
  }

  /** Shim's part. */
  async #loadSigned(lease: Lease): Promise<never> {
    await this.#loadLoader({ ...lease, bootFile: GRUB })
    throw new CommandFailed(
      "it would run Debian's signed GRUB now, which is not simulated: `tandem render NAME grub` prints what that is told"
    )
  }

  /** The firmware's own part: a loader by TFTP, or by HTTP where the boot file is a URL. */
  async #loadLoader({ bootFile, nextServer }: Lease): Promise<void> {
    if (bootFile === null)
      throw new CommandFailed('the firmware was given no boot file: it would go on to its next boot device')
    if (bootFile.startsWith('http://')) {
      const { length } = await this.#http.get(bootFile, {}, 'HEAD')
      const { bytes } = await this.#http.get(bootFile)
      if (bytes.length !== length)
        throw new CommandFailed(`${bootFile}: HEAD said ${length} bytes, GET sent ${bytes.length}`)
      this.#seen('http', `HEAD, GET ${withoutToken(bootFile)} -> ${bytes.length} bytes`)
      return
    }
    const server = { address: nextServer, port: this.#place.tftpPort }
    for (const { probe, options } of this.#profile.tftp) {
      const got = await get({
        server,
        file: bootFile,
        options,
        onlyAnswer: probe,
        maxBytes: LOADER_LIMIT,
        timeoutMs: 5000,
        address: this.#place.relay
      }).catch((error: Error) => {
        throw new CommandFailed(error.message)
      })
      const asked = Object.entries(options)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')
      this.#seen('tftp', `RRQ ${bootFile} ${asked} -> ${probe ? `size ${got.size}` : `${got.bytes.length} bytes`}`)
    }
  }

  async #follow(script: string, lease: Lease): Promise<Outcome> {
    const settings = this.#settings(lease)
    let preseedUrl: string | undefined
    for (const effect of readScript(script, settings)) {
      if (effect.do === 'fetch') {
        const { arguments: words } = await this.#firstOf(effect.from, ({ url }) =>
          effect.what === 'file' ? this.#fetchAll(url) : this.#fetchStart(effect.what, url)
        )
        preseedUrl ??= words.find((word) => /^(preseed\/)?url=/.test(word))?.replace(/^[^=]*=/, '')
      } else if (effect.do === 'disk') {
        this.#seen('boot', `${effect.how}: boots from its disk`)
        return 'local'
      } else if (effect.do === 'wait') {
        const reasons = script
          .split('\n')
          .filter((line) => line.startsWith('echo * '))
          .map((line) => line.slice(7))
        throw new CommandFailed(`the machine was told to wait: ${reasons.join('; ')}`)
      }
    }
    if (preseedUrl === undefined) throw new CommandFailed('the kernel command line names no install file (url=)')
    return this.#install(preseedUrls(preseedUrl))
  }

  async #fetchAll(url: string): Promise<void> {
    await this.#http.get(url)
    this.#seen('http', `GET ${withoutToken(url)} -> told what this machine is`)
  }

  async #fetchStart(what: string, url: string): Promise<void> {
    const { status, bytes, length } = await this.#http.get(url, { range: `bytes=0-${FIRST_BYTES - 1}` })
    if (status !== 206 && bytes.length !== length)
      throw new CommandFailed(`${what}: ${bytes.length} of ${length} bytes came`)
    this.#seen('http', `GET ${what} -> first ${bytes.length} of ${length} bytes`)
  }

  /** What can be had from one of the instances. @throws {CommandFailed} when none gives it: why the last one didn't. */
  async #firstOf<T>(from: readonly T[], get: (each: T) => Promise<unknown>): Promise<T> {
    let why = new CommandFailed('there is nothing to fetch')
    for (const [index, each] of from.entries()) {
      try {
        await get(each)
        return each
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error
        why = error
        if (index < from.length - 1) this.#seen('http', `${error.message}: goes on at the other instance`)
      }
    }
    throw why
  }

  /** The installer's part: the install file, then its reports, each to both instances of a pair. */
  async #install(urls: readonly string[]): Promise<Outcome> {
    let preseed = ''
    await this.#firstOf(urls, async (url) => {
      preseed = (await this.#http.get(url)).bytes.toString()
      this.#seen('http', `GET ${withoutToken(url)} -> ${preseed.length} bytes`)
    })
    const reports = [...new Set(preseed.match(/http:\/\/[^\s'"\\]+\/status/g) ?? [])]
    if (reports.length === 0) throw new CommandFailed('the install file names no URL to report to')
    for (const stage of STAGES) await this.#report(stage, reports)
    return 'installed'
  }

  /** One that hears it tells the other: it has to come to one of them at least. */
  async #report(stage: string, urls: readonly string[]): Promise<void> {
    const heard = await Promise.allSettled(urls.map((url) => this.#http.post(url, { stage })))
    const answer = heard.find((each) => each.status === 'fulfilled')?.value
    if (answer === undefined) throw (heard[0] as PromiseRejectedResult).reason
    const { state } = JSON.parse(answer.bytes.toString()) as { state: string }
    const both =
      urls.length > 1 ? `, to ${heard.filter(({ status }) => status === 'fulfilled').length} of ${urls.length}` : ''
    this.#seen('http', `report ${stage}${both} -> ${state}`)
  }

  #settings({ address, hostName }: Lease): Record<string, string> {
    const { platform, buildarch } = this.#profile
    return {
      platform,
      buildarch,
      uuid: this.#uuid,
      serial: `SIM-${this.#mac.slice(-5).replace(':', '')}`,
      manufacturer: 'Tandem',
      product: 'simulated machine',
      hostname: hostName ?? '',
      'netX/busid': '',
      'netX/mac': this.#mac,
      'netX/ip': address as Ipv4
    }
  }
}

/** The URLs that an installer tries for its file: those in a file that the kernel's command line holds itself, or the one there. */
function preseedUrls(url: string): readonly string[] {
  const inline = /^base64:\/\/(.+)$/.exec(url)?.[1]
  if (inline === undefined) return [url]
  return (
    Buffer.from(inline, 'base64')
      .toString()
      .match(/http:\/\/[^\s;]+/g) ?? []
  )
}

function* readScript(script: string, settings: Record<string, string>) {
  try {
    yield* interpret(script, settings)
  } catch (error) {
    if (error instanceof SyntaxError) throw new CommandFailed(`the script: ${error.message}`)
    throw error
  }
}
