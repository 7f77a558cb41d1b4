/** Milliseconds, for the log. */
export function figures(milliseconds: readonly number[]): string {
  const sorted = [...milliseconds].sort((one, two) => one - two)
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  return `${at(0.5)} ms (median of ${sorted.length}), ${at(1)} ms (longest)`
}
