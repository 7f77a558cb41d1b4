import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import koffi from 'koffi'

/** Per cent that what is in use may grow by until it is collected: V8's own choice lets it double, and more. */
const GROWTH = 30

/**
 * Gives back the memory that only the start needed, and lets the heap grow in smaller steps from here on: what a hundred thousand
 * machines and leases take stays about as it is. Takes a tenth of a second with so many. V8 has no other way to ask for it.
 */
export function settleHeap(): void {
  setFlagsFromString('--expose-gc')
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`)
  runInNewContext('gc')()
  trimMalloc()
}

/** glibc keeps what was freed, 25 MB after the start, until it is told that it isn't needed (malloc_trim(3)). */
function trimMalloc(): void {
  try {
    koffi.load(null).func('int malloc_trim(size_t)')(0)
  } catch {
    // Another C library than glibc: it has no such call, and keeps less.
  }
}
