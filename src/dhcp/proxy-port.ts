/**
 * From the DHCP servers' port to the boot server's: 67 and 4011 (PXE 2.1, section 2.2.4), and as far apart where
 * another port takes the place of 67.
 */
export const BOOT_SERVER_OFFSET = 4011 - 67
