/** What was wrong with a packet: stable words for counting. */
export type MalformedCode =
  /** Shorter than the fixed fields and the cookie: 240 bytes. */
  | 'too-short'
  /** Longer than any client's. */
  | 'too-long'
  /** A hardware address longer than its field's 16 bytes. */
  | 'hardware-length'
  /** Not the hardware address of one machine: zeros, or a group's. */
  | 'hardware-address'
  /** Not DHCP, nor BOOTP with RFC 1497's vendor extensions. */
  | 'no-cookie'
  /** An option that promises more bytes than there are. */
  | 'truncated-option'
  /** An option whose value isn't of its kind. */
  | 'option-value'
  /** A REQUEST that doesn't tell which address it is for. */
  | 'no-address'

/** A packet that can't be understood. The message names the field or option, for a person. */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket'
  readonly code: MalformedCode

  constructor(code: MalformedCode, message: string) {
    super(message)
    this.code = code
  }
}
