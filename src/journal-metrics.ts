import { Counter, Gauge, type Registry } from 'prom-client'
import type { Inventory } from './inventory/inventory.ts'
import type { Leases } from './inventory/leases.ts'
import { stateOf } from './inventory/lifecycle.ts'
import type { Tally } from './tally.ts'
import type { Transfers } from './transfers.ts'

/** The journal's metrics: gathered when they are asked for, for a counter with labels costs more than a packet's answer. */
export function journalMetrics(
  registry: Registry,
  steps: Tally,
  { inventory, leases }: { inventory: Inventory; leases: Leases }
): void {
  new Counter({
    name: 'tandem_steps_total',
    help: 'Requests of machines, by protocol and outcome.',
    labelNames: ['protocol', 'outcome'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const [protocol, outcome, count] of steps) this.inc({ protocol, outcome }, count)
    }
  })
  new Gauge({
    name: 'tandem_machines',
    help: 'Machines by state.',
    labelNames: ['state'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const machine of inventory.list('machine')) this.inc({ state: stateOf(machine.life) })
    }
  })
  new Gauge({
    name: 'tandem_leases_active',
    help: 'Addresses that a client holds.',
    registers: [registry],
    collect() {
      this.set(leases.find({ condition: 'active' }).length)
    }
  })
}

/** The metrics of boot files on their way. */
export function transferMetrics(registry: Registry, transfers: Transfers): void {
  new Gauge({
    name: 'tandem_transfers',
    help: 'Boot files that are being sent, by protocol.',
    labelNames: ['protocol'] as const,
    registers: [registry],
    collect() {
      for (const protocol of PROTOCOLS) this.set({ protocol }, 0)
      for (const { protocol, state } of transfers.list()) if (state === 'running') this.inc({ protocol })
    }
  })
  new Counter({
    name: 'tandem_transfer_bytes_total',
    help: 'Bytes of boot files that were sent, by protocol.',
    labelNames: ['protocol'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const protocol of PROTOCOLS) this.inc({ protocol }, transfers.bytes[protocol])
    }
  })
}

const PROTOCOLS = ['tftp', 'http'] as const
