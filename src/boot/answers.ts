import { generationText } from '../inventory/lifecycle.ts'
import type { ImageFile } from '../inventory/model.ts'
import { type Ipv4, maskOf, prefixOf } from '../net/ipv4.ts'
import type { TemplateContext } from './context.ts'
import type { Decision, Situation } from './decide.ts'
import { type Endpoints, paths } from './endpoints.ts'
import { chooseLoader } from './loader-choice.ts'
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
  const isHttp = firmware === 'uefi-http' || firmware === 'uefi-http-arm64'
  return isHttp
    ? { kind: 'http', server, url: endpoints.url(server, paths.loader(file)) }
    : { kind: 'tftp', server, file }
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
  const url = (path: string) => endpoints.url(server, path)
  const name = machine?.name ?? mac.replaceAll(':', '-')
  const domain = subnet?.domain ?? null
  const installing = decision.action === 'install' && token !== null
  const preseed = installing ? url(paths.preseed(token)) : null
  const fileUrl = (file: ImageFile | null | undefined) =>
    installing && image && file ? url(paths.file(image.name, file.sha256, file.name)) : null
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
    url: {
      script: url(paths.script(mac)),
      facts: url(paths.facts(mac)),
      kernel: fileUrl(image?.kernel),
      initrd: fileUrl(image?.initrd),
      preseed,
      status: installing ? url(paths.status(token)) : null
    },
    tftp: {
      server,
      kernel: tftpFile(image?.kernel),
      initrd: tftpFile(image?.initrd),
      grub: tftpNames.grub(mac),
      pxelinux: tftpNames.pxelinux(mac)
    },
    kernelArguments: preseed === null ? [] : kernelArguments(situation, preseed),
    generation: machine && machine.life.goal === 'install' ? generationText(machine.life.generation) : null,
    reasons: [...decision.reasons],
    vars: Object.fromEntries(Object.entries(effectiveVars(situation)).map(([name, { value }]) => [name, value]))
  }
}

/**
 * The command line of debian-installer: answers that it needs before it has its preseed file, and
 * after `---` what it also gives the installed system's kernel.
 */
function kernelArguments({ machine, image, subnet, mac }: Situation, preseed: string): string[] {
  const kept = [
    ...(machine?.console ? [`console=${machine.console}`] : []),
    ...(image?.kernelArguments ?? []),
    ...(machine?.kernelArguments ?? [])
  ]
  return [
    'auto=true',
    'priority=critical',
    `url=${preseed}`,
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
