import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { hostname } from 'node:os'
import * as x509 from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const YEARS = 10

/** Makes a self-signed server certificate for this host, and its key, in PEM. @param address where it is reached, beside loopback. */
export async function makeCertificate(address: string, now: number): Promise<{ cert: string; key: string }> {
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
