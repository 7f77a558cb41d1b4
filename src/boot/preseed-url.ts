/**
 * Where debian-installer gets its preseed file. It takes one URL, and stops at a question when nobody answers there. Of two
 * instances either may be gone by then, so the URL itself holds a file (debian-installer-utils' fetch-url knows `base64`) whose
 * command asks both until one answers.
 *
 * auto-install.sh of Debian's preseed takes any URL apart: to a host without a dot it appends the domain, to one without a path
 * its own. So the base64 text begins with a dot, which busybox's decoder skips, and has a slash: that is what `# ?` encodes to.
 */
export function preseedUrl(preseeds: readonly string[]): string {
  const [only, ...others] = preseeds as [string, ...string[]]
  if (others.length === 0) return only
  const fetched = 'if wget -q -t 1 -T 10 -O /tmp/tandem.cfg $u; then echo file:///tmp/tandem.cfg; break 2; fi'
  const command = `while sleep 1; do for u in ${preseeds.join(' ')}; do ${fetched}; done; done`
  const file = `# ?\nd-i preseed/include_command string ${command}\n`
  // Without padding: a second `=` on the kernel's command line may be taken for the one after the name.
  const whole = file.padEnd(Math.ceil(file.length / 3) * 3, '\n')
  return `base64://.${Buffer.from(whole).toString('base64')}`
}
