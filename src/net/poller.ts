import koffi from 'koffi'
import { checked, int, type Libc } from './libc.ts'

/**
 * Waits for descriptors (epoll(7)), for a thread that has nothing else to wait for: Node's own event loop takes several
 * times as long to tell of a datagram.
 */

/** Events of epoll_ctl(2), to be combined. */
export const READABLE = 0x001
export const WRITABLE = 0x004
/** An error waits; told of unasked. */
export const FAULTY = 0x008

const EPOLL_CLOEXEC = 0o2000000
const [ADD, DELETE, MODIFY] = [1, 2, 3]
/** Descriptors that are told of in one call; the others come first in the next. */
const MOST = 256

/** struct epoll_event is packed on x86-64 alone. */
const [EVENT, DATA] = process.arch === 'x64' ? [12, 4] : [16, 8]

export class Poller {
  readonly #libc: Libc
  readonly #fd: number
  readonly #one = Buffer.alloc(EVENT)
  readonly #ready = Buffer.alloc(EVENT * MOST)
  readonly #readyAt = koffi.address(this.#ready)

  /** @throws an error with the system's `code`. */
  constructor(libc: Libc) {
    this.#libc = libc
    this.#fd = checked('epoll_create1', libc.epoll_create1(EPOLL_CLOEXEC))
  }

  /** @throws an error with the system's `code`. */
  add(fd: number): void {
    this.#control(ADD, fd, READABLE)
  }

  /** Takes the place of the events that the descriptor was watched for. */
  watch(fd: number, events: number): void {
    this.#control(MODIFY, fd, events)
  }

  /** To be called before the descriptor is closed. */
  remove(fd: number): void {
    this.#control(DELETE, fd, 0)
  }

  /**
   * Waits for the first event.
   * @param milliseconds 0: doesn't wait; -1: for ever.
   * @returns how many descriptors there is something to be told of, by {@link each}.
   */
  wait(milliseconds: number): number {
    return this.#libc.epoll_wait(this.#fd, this.#readyAt, MOST, milliseconds)
  }

  /** @param count what {@link wait} returned. */
  each(count: number, tell: (fd: number, events: number) => void): void {
    for (let index = 0; index < count; index += 1) {
      tell(this.#ready.readInt32LE(index * EVENT + DATA), this.#ready.readUInt32LE(index * EVENT))
    }
  }

  close(): void {
    this.#libc.close(this.#fd)
  }

  #control(operation: number, fd: number, events: number): void {
    this.#one.writeUInt32LE(events, 0)
    this.#one.writeInt32LE(fd, DATA)
    checked('epoll_ctl', this.#libc.epoll_ctl(this.#fd, operation, fd, this.#one))
  }
}

const EFD_CLOEXEC = 0o2000000
const EFD_NONBLOCK = 0o4000

/** Wakes up a thread that waits in its poller (eventfd(2)): one side has it watched, any other rings. */
export class Bell {
  readonly #libc: Libc
  readonly fd: number

  /** @param fd the bell that another thread has made; left out: a new one. */
  constructor(libc: Libc, fd?: number) {
    this.#libc = libc
    this.fd = fd ?? checked('eventfd', libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
  }

  ring(): void {
    this.#libc.write(this.fd, ONE, ONE.length)
  }

  /** Until the next ring. */
  silence(): void {
    this.#libc.read(this.fd, Buffer.alloc(ONE.length), ONE.length)
  }

  close(): void {
    this.#libc.close(this.fd)
  }
}

const ONE = Buffer.concat([int(1), int(0)])
