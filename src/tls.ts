import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CERTIFICATE_FILE } from './admin-token.ts'
import { StartError } from './start-error.ts'

export type Tls = { cert: string; key: string }

const KEY = 'admin.key'

/** The admin side's own certificate and key (PEM) from the state folder; made there when there are none for this address. The key's mode is 0600. */
export async function ownCertificate(state: string, address: string, now: number): Promise<Tls> {
  const certPath = join(state, CERTIFICATE_FILE)
  const keyPath = join(state, KEY)
  const kept = existsSync(certPath) && existsSync(keyPath) ? read({ cert: certPath, key: keyPath }) : undefined
  // One that doesn't match its key is of a configuration that named another certificate.
  if (kept && flawOf(kept) === undefined && holds(kept, address, now)) return kept
  // Loaded only now: each later start does without the libraries.
  const { makeCertificate } = await import('./certificate.ts')
  const made = await makeCertificate(address, now)
  writeFileSync(keyPath, made.key, { mode: 0o600 })
  writeFileSync(certPath, made.cert)
  return made
}

/**
 * The certificate and key that the configuration names. A copy of the certificate is left in the
 * state folder, where the command line finds what to trust.
 * @throws {StartError}
 */
export function configuredCertificate(paths: Tls, state: string): Tls {
  const tls = read(paths)
  const flaw = flawOf(tls)
  if (flaw !== undefined) throw new StartError(`admin.tls: ${paths.cert} and ${paths.key} don't serve: ${flaw}`)
  writeFileSync(join(state, CERTIFICATE_FILE), tls.cert)
  return tls
}

function read(paths: Tls): Tls {
  const text = (path: string) => {
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw new StartError(`the admin side's ${path} can't be read (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  return { cert: text(paths.cert), key: text(paths.key) }
}

function holds({ cert }: Tls, address: string, now: number): boolean {
  const certificate = new X509Certificate(cert)
  return certificate.checkIP(address) !== undefined && certificate.validToDate.getTime() > now
}

function flawOf({ cert, key }: Tls): string | undefined {
  try {
    const matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
    return matches ? undefined : "the key is not the certificate's"
  } catch (error) {
    return (error as Error).message
  }
}
