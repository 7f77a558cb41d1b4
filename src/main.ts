import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { ensureAdminToken, writeAdminUrl } from './admin-token.ts'
import { Adviser } from './boot/adviser.ts'
import { AddressAllocator } from './boot/allocator.ts'
import { Callbacks } from './boot/callbacks.ts'
import { Endpoints } from './boot/endpoints.ts'
import { GeneratedFiles } from './boot/generated-files.ts'
import { LoaderTrials, watchLoaders } from './boot/loader-trials.ts'
import { createRenderer } from './boot/render.ts'
import { BootService } from './boot/service.ts'
import { Sightings } from './boot/sightings.ts'
import { SignedLoaders } from './boot/signed-loaders.ts'
import { Speakers } from './boot/speakers.ts'
import type { Config } from './config.ts'
import * as authoritative from './dhcp/authoritative.ts'
import * as proxy from './dhcp/proxy.ts'
import { BOOT_SERVER_OFFSET } from './dhcp/proxy-port.ts'
import { Trace } from './dhcp/trace.ts'
import { adminServer } from './http/admin/server.ts'
import { provisioningServer } from './http/provisioning/server.ts'
import { Attempts } from './inventory/attempts.ts'
import { dropUnfinishedBackups } from './inventory/backup.ts'
import type { Now } from './inventory/clock.ts'
import { openDatabase } from './inventory/database.ts'
import { Events } from './inventory/events.ts'
import { FileStore } from './inventory/files.ts'
import { Inventory } from './inventory/inventory.ts'
import { adaptiveLeaseLog, directLeaseLog, threadedLeaseLog } from './inventory/lease-log.ts'
import { Leases } from './inventory/leases.ts'
import type { Replicator } from './inventory/oplog.ts'
import { apiTokenName } from './inventory/tokens.ts'
import { Journal } from './journal.ts'
import { transferMetrics } from './journal-metrics.ts'
import { listen } from './listening.ts'
import { MachineNetworks } from './machine-networks.ts'
import { machineSockets } from './machine-sockets.ts'
import { ClientCount } from './net/client-limits.ts'
import { Contents } from './net/content/contents.ts'
import { findInterface, type HostInterface } from './net/interfaces.ts'
import type { Mac } from './net/mac.ts'
import type { PassedSocket } from './net/systemd.ts'
import { watchAll } from './net/transfer-watch.ts'
import { LOADER_FILES, openLoaders, ownLoader, warnOfMissingSigned } from './open-loaders.ts'
import { Pairing } from './pairing.ts'
import { startErrorOf } from './start-error.ts'
import { makeStateFolder } from './state-folder.ts'
import { steadyClock } from './steady-clock.ts'
import * as tftp from './tftp/server.ts'
import { bootFiles } from './tftp-files.ts'
import { quietSteps } from './tftp-steps.ts'
import { configuredCertificate, ownCertificate } from './tls.ts'
import { Transfers } from './transfers.ts'

export type Daemon = {
  readonly adminUrl: string
  /** Where it serves machines. */
  readonly interfaces: readonly HostInterface[]
  /** Whether the inventory held nothing yet. */
  readonly fresh: boolean
  readonly inventory: Inventory
  /** Ends everything within a second: listeners first, the database last. */
  close(): Promise<void>
}

export type Surroundings = {
  /** What systemd opened for this process. */
  readonly passed?: readonly PassedSocket[]
  readonly now?: Now
  /** The same by a clock that nobody sets while this runs: leases last for as long as was said, whatever becomes of the other. */
  readonly steady?: Now
}

const NONE: ReadonlySet<string> = new Set()
const TEMPLATES = join(import.meta.dirname, '..', 'boot-templates')
/** Packets of the last 10,000 exchanges or so. */
const TRACE_BYTES = 8 * 1024 * 1024
/** TFTP's part of the memory for boot files: it keeps the packets of what is being sent. */
const TFTP_SHARE = 4

/**
 * Puts the daemon together and starts it: the store, then the listeners. What was started is
 * stopped in the reverse order, also when a later part fails to start.
 * @throws {StartError} one line that says what is wrong and what to do.
 */
export async function startDaemon(
  config: Config,
  log: Logger,
  version: string,
  surroundings: Surroundings = {}
): Promise<Daemon> {
  const stops: (() => unknown)[] = []
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    return await start(config, log, version, surroundings, stops, stopAll)
  } catch (error) {
    await stopAll()
    throw startErrorOf(error as Error)
  }
}

async function start(
  config: Config,
  log: Logger,
  version: string,
  { passed = [], now = Date.now, steady = now === Date.now ? steadyClock() : now }: Surroundings,
  stops: (() => unknown)[],
  stopAll: () => Promise<void>
): Promise<Daemon> {
  const interfaces = config.interfaces.map(({ name, address }) => findInterface(name, address))
  makeStateFolder(config.state)
  const database = join(config.state, 'tandem.sqlite')
  const db = openDatabase(database)
  dropUnfinishedBackups(database)
  stops.push(() => db.close())

  const leaseLog = adaptiveLeaseLog(directLeaseLog(db), threadedLeaseLog(database))
  stops.push(() => leaseLog.close())
  const leases = new Leases(db, config.instance, steady, leaseLog)
  let pairing: Pairing | undefined
  const endpoints = new Endpoints(interfaces, config.ports.http, () => pairing?.reach())
  const networks = new MachineNetworks(interfaces, leases, endpoints)
  const replicator: Replicator = { replicate: async (ops) => pairing?.replicate(ops) ?? false }
  const inventory = new Inventory({ db, instance: config.instance, now, replicator, addressUse: networks })
  const fresh = inventory.isEmpty()
  const attempts = new Attempts(db, inventory, now)
  const events = new Events(db)
  const isUsed = (sha256: string) =>
    [...inventory.list('image')].some(({ kernel, initrd }) => kernel?.sha256 === sha256 || initrd?.sha256 === sha256)
  const files = await FileStore.open(join(config.state, 'files'), isUsed)
  const received = join(config.state, 'loaders')
  const loaders = openLoaders(config, received, log)
  const signed = new SignedLoaders(config.signedLoaders, received)
  warnOfMissingSigned(signed, inventory, log)

  const isKnown = (mac: Mac) => inventory.machineByMac(mac) !== undefined
  const sightings = config.dhcp === 'proxy' ? new Sightings(isKnown, now) : undefined
  const speakers = new Speakers(inventory, leases, now, sightings)
  const trials = new LoaderTrials(inventory, leases, (address) => speakers.macAt(address), now)
  const facts = {
    inventory,
    leases,
    sightings,
    attempts,
    files,
    trials,
    hasLoader: (file: string) => loaders.has(file),
    loadersElsewhere: () => pairing?.loadersElsewhere ?? NONE,
    missingSigned: () => signed.missing(),
    offerLimit: config.offers
  }
  const boot = new BootService({ facts, endpoints, renderer: createRenderer(TEMPLATES), speakers, now })
  const callbacks = new Callbacks(boot, speakers, now)
  const allocator = new AddressAllocator(facts, endpoints, now)
  const trace = new Trace({ bytes: TRACE_BYTES, now })
  const journal = new Journal({
    log,
    inventory,
    leases,
    macAt: (address) => speakers.macAt(address),
    attempts,
    now
  })
  stops.push(() => journal.close())
  const transfers = new Transfers({ inventory, macAt: (address) => speakers.macAt(address), now })
  transferMetrics(journal.registry, transfers)
  const report = journal.step.bind(journal)
  const contents = new Contents(config.memory - config.memory / TFTP_SHARE, (message) => {
    log.warn(message)
    journal.record({ type: 'daemon', message })
  })
  const connections = new ClientCount(config.limits)
  const onInternal = (error: Error, request: string) => log.error({ err: error }, `${request}: ${error.message}`)

  const generated = new GeneratedFiles(boot, speakers, trials)
  const served = { generated, boot, loaders, signed, contents }
  const watch = watchAll(transfers.watch, watchLoaders(trials))
  const broken = (error: Error) => {
    log.fatal({ err: error }, `TFTP has ended: ${error.message}`)
    process.exit(1)
  }

  if (config.pair !== undefined) {
    pairing = await Pairing.start({
      config,
      settings: config.pair,
      db,
      inventory,
      leases,
      interfaces,
      version,
      now: steady,
      log,
      record: (message) => journal.record({ type: 'pair', message }),
      spare: (pools, most) => allocator.spare(pools, most),
      received: (ops) => speakers.allowAsWritten(ops),
      files,
      loaders: { names: LOADER_FILES, own: (name) => ownLoader(loaders, signed, name), folder: received },
      busy: () => transfers.list().length
    })
    stops.push(() => pairing?.close())
  }

  const isServing = () => pairing?.isServing ?? true
  const dhcpPort = config.ports.dhcp
  const dhcpPorts = { authoritative: [dhcpPort], proxy: [dhcpPort, dhcpPort + BOOT_SERVER_OFFSET], off: [] }
  const sockets = machineSockets(interfaces, dhcpPorts[config.dhcp], passed, log)
  stops.push(() => sockets.close())
  for (const { name, address, network } of interfaces) {
    if (!address.startsWith('127.') && inventory.subnetOf(address) === undefined) {
      log.warn(
        `no subnet holds ${address} of ${name}: machines there get no answer until \`tandem subnet set ${network}\``
      )
    }
    const app = provisioningServer({
      boot,
      callbacks,
      loaders,
      contents,
      watch,
      connections,
      report,
      isServing,
      onInternal
    })
    await listen(app, 'provisioning HTTP', address, config.ports.http)
    stops.push(() => app.close())
  }
  const tftpServer = tftp.start({
    addresses: interfaces.map(({ address }) => address),
    port: config.ports.tftp,
    files: bootFiles(served, log, isServing),
    report: quietSteps(report),
    watch,
    limits: { clients: config.limits, maxBlockSize: config.maxBlockSize },
    memory: config.memory / TFTP_SHARE,
    broken
  })
  stops.push(() => tftpServer.close())
  const dhcp = {
    interfaces,
    port: dhcpPort,
    open: sockets.open,
    report,
    trace,
    isServing,
    now: () => performance.now(),
    partner: pairing?.partner
  }
  if (config.dhcp === 'authoritative') {
    const server = await authoritative.start({ ...dhcp, allocator })
    stops.push(() => server.close())
  }
  if (sightings !== undefined) {
    const server = await proxy.start({ ...dhcp, adviser: new Adviser(inventory, sightings, allocator) })
    stops.push(() => server.close())
  }

  // Not before the ports are held: until then the store may be another instance's.
  await files.sweep()
  let ready = false
  await ensureAdminToken(config.state, db, inventory, now())
  const { address, port } = config.admin
  networks.refuseAsAdmin(address)
  const admin = adminServer({
    tls: config.admin.tls
      ? configuredCertificate(config.admin.tls, config.state)
      : await ownCertificate(config.state, address, now()),
    boot,
    allocator,
    endpoints,
    speakers,
    events,
    trace,
    transfers,
    now,
    tokenName: (secret) => apiTokenName(db, secret),
    fromMachines: (remote, local) => networks.fromMachines(remote, local, inventory),
    ready: () => ready && isServing() && pairing?.isDraining !== true,
    pair: pairing,
    database,
    metrics: () => journal.registry.metrics(),
    ports: config.ports,
    version,
    onInternal,
    onRefused: (message) => log.warn(message)
  })
  await listen(admin as unknown as FastifyInstance, 'the admin side', address, port)
  stops.push(() => admin.close())
  const adminUrl = writeAdminUrl(config.state, address, port)
  ready = true
  stops.push(() => {
    ready = false
  })
  return { adminUrl, interfaces, fresh, inventory, close: stopAll }
}
