import { diskMarker, generationText } from '../inventory/lifecycle.ts'
import type { ImageFile } from '../inventory/model.ts'
import { type Ipv4, maskOf, prefixOf } from '../net/ipv4.ts'
import type { TemplateContext, Urls } from './context.ts'
import type { Decision, Situation } from './decide.ts'
import { type Endpoints, paths } from './endpoints.ts'
import { chooseLoader } from './loader-choice.ts'
import { preseedUrl } from './preseed-url.ts'
import { tftpNames } from './tftp-paths.ts'
import { effectiveVars } from './vars.ts'

/**
 * What follows from a decision: the DHCP answer's boot part, and what the templates are given.
 * Pure; an answer is the same whether a machine asked or a person did.
 */

/** How the client goes on from its lease; structurally what the DHCP side takes. */
export type BootAnswer =
  | { kind: 'tftp'; server: Ipv4; file: string }
  | { kind: 'http' | 'script'; server: Ipv4; url: string }

/** The boot part of a DHCP answer; undefined for clients that don't boot from the network, such as an installer. */
export function bootAnswer(
  situation: Situation,
  { action }: Decision,
  endpoints: Endpoints,
  server: Ipv4
): BootAnswer | undefined {
  if (action === 'ignore') return undefined
  const { firmware, mac } = situation
  if (firmware === 'ipxe') return { kind: 'script', server, url: endpoints.url(server, paths.script(mac)) }
  const { file } = chooseLoader(situation, action)
  if (file === undefined) return undefined
  const elsewhere = situation.loadersElsewhere?.has(file) ? endpoints.peerFor(server) : undefined
  const at = elsewhere?.address ?? server
  const path = paths.loader(file)
  const url = (elsewhere && endpoints.peerUrl(server, path)) ?? endpoints.url(server, path)
  const isHttp = firmware === 'uefi-http' || firmware === 'uefi-http-arm64'
  return isHttp ? { kind: 'http', server: at, url } : { kind: 'tftp', server: at, file }
}

export const PRESEED_TEMPLATE = 'preseed/debian.cfg.njk'

/** @param token the attempt's; null where nothing is to be installed. */
export function templateContext(
  situation: Situation,
  decision: Decision,
  endpoints: Endpoints,
  server: Ipv4,
  token: string | null
): TemplateContext {
  const { machine, role, image, subnet, mac, addressElsewhere } = situation
  const name = machine?.name ?? mac.replaceAll(':', '-')
  const domain = subnet?.domain ?? null
  const installing = decision.action === 'install' && token !== null
  const filePath = (file: ImageFile | null | undefined) =>
    installing && image && file ? paths.file(image.name, file.sha256, file.name) : null
  const urlsOn = (at: (path: string) => string): Urls => {
    const [kernel, initrd] = [filePath(image?.kernel), filePath(image?.initrd)]
    return {
      script: at(paths.script(mac)),
      facts: at(paths.facts(mac)),
      kernel: kernel && at(kernel),
      initrd: initrd && at(initrd),
      preseed: installing ? at(paths.preseed(token)) : null,
      status: installing ? at(paths.status(token)) : null
    }
  }
  const peer = endpoints.peerFor(server)
  const url = urlsOn((path) => endpoints.url(server, path))
  const urls = [url, ...(peer ? [urlsOn((path) => endpoints.peerUrl(server, path) as string)] : [])]
  const tftpFile = (file: ImageFile | null | undefined) =>
    installing && image && file ? tftpNames.file(image.name, file.sha256, file.name) : null
  const own = machine?.interfaces.find((each) => each.mac === mac)
  return {
    machine: {
      name,
      fqdn: domain === null ? name : `${name}.${domain}`,
      domain,
      mac,
      labels: machine?.labels ?? {},
      localBoot: machine?.localBoot ?? 'exit',
      loader: situation.loader ?? null,
      disk: machine?.disk ?? null
    },
    role: role ? { name: role.name, class: role.class } : null,
    image: image
      ? { name: image.name, family: image.family, release: image.release, architecture: image.architecture }
      : null,
    network: subnet
      ? {
          address: own?.subnet === subnet.cidr && !addressElsewhere ? own.ipv4 : null,
          mask: maskOf(subnet.cidr),
          prefix: prefixOf(subnet.cidr),
          gateway: subnet.gateway,
          dns: [...subnet.dns],
          ntp: [...subnet.ntp]
        }
      : null,
    url,
    urls,
    tftp: {
      server,
      servers: [server, ...(peer ? [peer.address] : [])],
      kernel: tftpFile(image?.kernel),
      initrd: tftpFile(image?.initrd),
      grub: tftpNames.grub(mac),
      pxelinux: tftpNames.pxelinux(mac)
    },
    kernelArguments: installing
      ? kernelArguments(
          situation,
          urls.map(({ preseed }) => preseed as string)
        )
      : [],
    generation: machine && machine.life.goal === 'install' ? generationText(machine.life.generation) : null,
    marker: machine && machine.life.goal === 'install' ? diskMarker(machine.life.generation) : null,
    reasons: [...decision.reasons],
    vars: Object.fromEntries(Object.entries(effectiveVars(situation)).map(([name, { value }]) => [name, value]))
  }
}

/**
 * The command line of debian-installer: answers that it needs before it has its preseed file, and
 * after `---` what it also gives the installed system's kernel.
 */
function kernelArguments({ machine, image, subnet, mac }: Situation, preseeds: readonly string[]): string[] {
  const kept = [
    ...(machine?.console ? [`console=${machine.console}`] : []),
    ...(image?.kernelArguments ?? []),
    ...(machine?.kernelArguments ?? [])
  ]
  return [
    'auto=true',
    'priority=critical',
    `url=${preseedUrl(preseeds)}`,
    `hostname=${machine?.name}`,
    ...(subnet?.domain ? [`domain=${subnet.domain}`] : []),
    // Without a name server from DHCP netcfg asks for one, before there is a preseed file.
    ...(subnet?.dns.length === 0 ? ['netcfg/get_nameservers='] : []),
    // netcfg takes the interface that BOOTIF names; `auto` keeps it from asking.
    'interface=auto',
    `BOOTIF=01-${mac.replaceAll(':', '-')}`,
    ...(kept.length > 0 ? ['---', ...kept] : [])
  ]
}
