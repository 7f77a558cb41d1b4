import { closeSync, openSync } from 'node:fs'
import koffi from 'koffi'

const CLONE_NEWNET = 0x4000_0000

/**
 * Moves this process's main thread to a network namespace: what it opens of sockets is there from now on, and so are the
 * programs that it starts.
 * @returns what moves it back.
 */
export function enterNamespace(name: string): () => void {
  const setns = koffi.load(null).func('int setns(int fd, int type)')
  const before = openSync('/proc/thread-self/ns/net', 'r')
  const enter = (fd: number) => {
    if (setns(fd, CLONE_NEWNET) !== 0) throw new Error(`setns: error ${koffi.errno()}`)
    closeSync(fd)
  }
  enter(openSync(`/run/netns/${name}`, 'r'))
  return () => enter(before)
}
