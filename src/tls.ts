import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { CERTIFICATE_FILE } from './admin-token.ts'

export type Tls = { cert: string; key: string }

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const YEARS = 10
const KEY = 'admin.key'

/** The admin side's own certificate and key (PEM) from the state folder; made there when there are none. The key's mode is 0600. */
export async function ownCertificate(state: string, address: string, now: number): Promise<Tls> {
  const certPath = join(state, CERTIFICATE_FILE)
  const keyPath = join(state, KEY)
  if (!existsSync(certPath) || !existsSync(keyPath)) {
    const { cert, key } = await makeCertificate(address, now)
    writeFileSync(keyPath, key, { mode: 0o600 })
    writeFileSync(certPath, cert, { mode: 0o644 })
  }
  return { cert: readFileSync(certPath, 'utf8'), key: readFileSync(keyPath, 'utf8') }
}

/** The certificate and key that the configuration names. The system's error names the file that can't be read. */
export function readTls(paths: Tls): Tls {
  return { cert: readFileSync(paths.cert, 'utf8'), key: readFileSync(paths.key, 'utf8') }
}

async function makeCertificate(address: string, now: number): Promise<Tls> {
  x509.cryptoProvider.set(webcrypto as typeof globalThis.crypto)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const names = new Map([
    ['localhost', 'dns'],
    [hostname(), 'dns'],
    ['127.0.0.1', 'ip'],
    [address, 'ip']
  ] as const)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Tandem admin of ${hostname()}`,
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + YEARS * 365.25 * 86_400_000),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([...names].map(([value, type]) => ({ type, value })))
    ]
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
}
