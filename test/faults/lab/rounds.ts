/** How often either side is killed; the other faults are repeated a fifth as often, once at least. */
export const ROUNDS = Number(process.env.TANDEM_FAULT_ROUNDS ?? 5)
export const FEWER_ROUNDS = Math.max(1, Math.floor(ROUNDS / 5))
