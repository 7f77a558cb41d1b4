import { DhcpClient } from '../../../src/cli/simulate/dhcp.ts'
import { HttpClient } from '../../../src/cli/simulate/http.ts'
import { type Place, SimulatedMachine } from '../../../src/cli/simulate/machine.ts'
import { PROFILES, type Profile } from '../../../src/cli/simulate/profile.ts'
import { interpret } from '../../../src/cli/simulate/script.ts'
import type { Ipv4 } from '../../../src/net/ipv4.ts'
import type { Mac } from '../../../src/net/mac.ts'
import { addressOf, SIDES, type Side } from './networks.ts'

const IPXE = PROFILES.find(({ firmware }) => firmware === 'ipxe') as Profile
const TESTER = addressOf('prov', 'tester') as Ipv4
const UUID = '00000000-0000-4000-8000-000000000000'

/** What an installer is given: its file, and where it reports. */
export type Installer = { readonly preseed: string; readonly reports: Readonly<Record<Side, string>> }

/** A machine that iPXE boots, in the guise of a relay agent. An administrator has to let the tester speak for it. */
export class BootedMachine {
  readonly mac: Mac
  readonly #http = new HttpClient(TESTER)

  constructor(mac: Mac) {
    this.mac = mac
  }

  /** One power-on. @param at the instances that hear it. @returns what it came to, or why it stopped. */
  async powerOn(at: readonly Side[] = SIDES): Promise<string> {
    return new SimulatedMachine(placeOf(at), IPXE, this.mac, () => {}).boot().catch((error: Error) => error.message)
  }

  /** Goes as far as the install file at one instance, and reports nothing. */
  async fetchInstaller(at: Side): Promise<Installer> {
    const lease = await new DhcpClient(placeOf([at]), this.mac, UUID).lease(IPXE, 'ipxe', () => {})
    const script = (await this.#http.get(lease.bootFile ?? '')).bytes.toString()
    const settings = { 'netX/mac': this.mac, platform: IPXE.platform, buildarch: IPXE.buildarch }
    const words = [...interpret(script, settings)].flatMap((effect) =>
      effect.do === 'fetch' ? effect.from.flatMap((each) => each.arguments) : []
    )
    const [, inline = ''] = /url=base64:\/\/(\S+)/.exec(words.join(' ')) ?? []
    const urls =
      Buffer.from(inline, 'base64')
        .toString()
        .match(/http:\/\/[^\s;]+/g) ?? []
    const own = urls.find((url) => url.includes(`//${addressOf('prov', at)}`)) ?? ''
    const preseed = (await this.#http.get(own)).bytes.toString()
    const all = preseed.match(/http:\/\/[^\s'"\\]+\/status/g) ?? []
    const of = (side: Side) => all.find((url) => url.includes(`//${addressOf('prov', side)}`)) ?? ''
    return { preseed, reports: { a: of('a'), b: of('b') } }
  }

  /** @returns the machine's state afterwards. */
  async report({ reports }: Installer, to: Side, stage: string): Promise<string> {
    const { bytes } = await this.#http.post(reports[to], { stage })
    return (JSON.parse(bytes.toString()) as { state: string }).state
  }
}

/** What an installer looks for on the disk before it touches it. */
export function markerIn(preseed: string): string | undefined {
  return /tandem installed [0-9]+-\S+ [A-Za-z0-9_-]+/.exec(preseed)?.[0]
}

function placeOf(at: readonly Side[]): Place {
  const servers = at.map((side) => ({ address: addressOf('prov', side) as Ipv4, port: 67 }))
  return { servers, relay: TESTER, link: '10.77.0.0' as Ipv4, tftpPort: 69 }
}
