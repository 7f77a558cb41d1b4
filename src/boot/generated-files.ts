import type { Ipv4 } from '../net/ipv4.ts'
import { type Mac, parseMac } from '../net/mac.ts'
import type { Language } from './boot-languages.ts'
import type { LoaderTrials } from './loader-trials.ts'
import type { BootService, Script } from './service.ts'
import type { Speakers } from './speakers.ts'

/** A generated file as its name asks for it. Without `mac` it is that of the machine whose address asks. */
type Named = { readonly language: Language; readonly mac?: Mac }

/** Without a decision it is not the machine's own yet, but tells how to ask for that. */
export type Generated = Pick<Script, 'text'> & Partial<Script>

const MAC = '((?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})'
/** Where GRUB looks, by the folder that it was built for: Debian's installer, Debian's package, a folder of a person's own. */
const GRUB_FOLDER = '(?:debian-installer/amd64/grub/|boot/grub/|grub/|efi/debian/)?'

/** `01` is Ethernet's ARP hardware type; pxelinux writes MAC addresses with dashes, GRUB too, but its variable has colons. */
const NAMES: readonly (readonly [RegExp, Language])[] = [
  [new RegExp(`^(?:.*/)?pxelinux\\.cfg/(?:01-${MAC}|default)$`, 'i'), 'pxelinux'],
  [new RegExp(`^${GRUB_FOLDER}grub\\.cfg(?:-01-${MAC})?$`, 'i'), 'grub'],
  [/^autoexec\.ipxe$/i, 'ipxe']
]

/**
 * What the same programs ask for before, or beside: pxelinux by UUID and by ever shorter parts of its address, GRUB by its
 * address or for its processor. They go on when it isn't there.
 */
const ALTERNATIVES = /^(?:.*\/)?(?:pxelinux\.cfg\/[0-9a-f-]+|grub\.cfg-[0-9a-f:-]+|x86_64-efi\/grub\.cfg)$/i

/** Whether a name is one of those that are asked for before a generated file, and that there is never a file for. */
export function isAlternative(name: string): boolean {
  return namedBy(name) === undefined && ALTERNATIVES.test(name)
}

/**
 * The files that Tandem writes anew for each machine that asks: what the boot decision is in the language of programs that speak no
 * HTTP, or can't be told a URL. Reading one changes nothing but that an installer's token is minted.
 */
export class GeneratedFiles {
  readonly #boot: BootService
  readonly #speakers: Speakers
  readonly #trials: LoaderTrials

  constructor(boot: BootService, speakers: Speakers, trials: LoaderTrials) {
    this.#boot = boot
    this.#speakers = speakers
    this.#trials = trials
  }

  /**
   * @param name without a leading slash; @param client the address that asks; @param server this instance's that it reached.
   * @returns undefined: it is not the name of a generated file, or nobody is known at the address.
   */
  async generate(name: string, client: Ipv4, server: Ipv4): Promise<Generated | undefined> {
    const named = namedBy(name)
    const mac = named?.mac ?? (named && this.#speakers.macAt(client))
    if (named === undefined) return undefined
    if (mac === undefined) return named.language === 'grub' ? { text: askByMac(server) } : undefined
    if (named.language === 'ipxe') this.#trials.ran(mac)
    return this.#boot.script(mac, client, server, named.language)
  }
}

/** For GRUB at an address that nobody is known at, as where another server gives them: it knows its MAC address. */
function askByMac(server: Ipv4): string {
  return `source '(tftp,${server})/grub/grub.cfg-01-'"$net_default_mac"\n`
}

function namedBy(name: string): Named | undefined {
  for (const [pattern, language] of NAMES) {
    const found = pattern.exec(name)
    if (found !== null) return found[1] === undefined ? { language } : { language, mac: parseMac(found[1]) }
  }
  return undefined
}
