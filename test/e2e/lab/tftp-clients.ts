/** A TFTP client as its users have it. */
export type TftpClient = {
  readonly name: string
  /** The command line that gets a file. */
  get(server: string, remote: string, local: string): string[]
}

/** It asks for no option. */
export function tftpHpa(mode: 'binary' | 'netascii'): TftpClient {
  return {
    name: `tftp-hpa -m ${mode}`,
    get: (server, remote, local) => ['tftp', '-m', mode, server, '-c', 'get', remote, local]
  }
}

/** Options are a name and a value; `mode netascii` is one too. */
export function atftp(...options: string[]): TftpClient {
  const asked = options.flatMap((option) => ['--option', option])
  return {
    name: `atftp ${options.join(', ')}`,
    get: (server, remote, local) => ['atftp', ...asked, '--get', '--remote-file', remote, '--local-file', local, server]
  }
}

/** Unless told not to, it asks for `tsize`, `blksize` and `timeout`. */
export function curl(...options: string[]): TftpClient {
  const quiet = ['--silent', '--show-error', '--noproxy', '*']
  return {
    name: ['curl', ...options].join(' '),
    get: (server, remote, local) => ['curl', ...quiet, ...options, '--output', local, `tftp://${server}/${remote}`]
  }
}

/** It asks for `tsize`, and for `blksize` if that is other than 512. @param blockSize bytes. */
export function busybox(blockSize: number): TftpClient {
  const size = ['-b', String(blockSize)]
  return {
    name: `busybox tftp ${size.join(' ')}`,
    get: (server, remote, local) => ['busybox', 'tftp', '-g', ...size, '-r', remote, '-l', local, server]
  }
}
