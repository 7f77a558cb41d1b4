/**
 * The numbered migrations, oldest first; `user_version` counts those that ran. One that was
 * released is never edited: a change is a further one.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- This copy of the inventory: its origin id and the instance's name.
  CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The log through which every write passes; what a peer would be sent.
  CREATE TABLE op (
    origin TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    hlc    TEXT NOT NULL,
    entity TEXT NOT NULL,
    key    TEXT NOT NULL,
    field  TEXT NOT NULL,
    value  TEXT NOT NULL CHECK (json_valid(value)),
    base   TEXT NOT NULL,
    PRIMARY KEY (origin, seq)
  ) STRICT, WITHOUT ROWID;

  -- Which write each field's value is of: hlc/origin.
  CREATE TABLE field_version (
    entity  TEXT NOT NULL,
    key     TEXT NOT NULL,
    field   TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (entity, key, field)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE machine (
    name             TEXT PRIMARY KEY,
    role             TEXT,
    image            TEXT,
    uuid             TEXT,
    serial           TEXT,
    disk             TEXT,
    local_boot       TEXT NOT NULL DEFAULT 'exit',
    console          TEXT,
    kernel_arguments TEXT NOT NULL DEFAULT '[]',
    labels           TEXT NOT NULL DEFAULT '{}',
    vars             TEXT NOT NULL DEFAULT '{}',
    facts            TEXT NOT NULL DEFAULT '{}',
    life             TEXT NOT NULL DEFAULT '{"generation":{"counter":0,"origin":""},"goal":"discover","rank":"requested"}'
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE interface (
    mac      TEXT PRIMARY KEY,
    machine  TEXT NOT NULL REFERENCES machine (name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    ipv4     TEXT UNIQUE,
    subnet   TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX interface_machine ON interface (machine, position);

  CREATE TABLE role (
    name  TEXT PRIMARY KEY,
    class TEXT NOT NULL DEFAULT '',
    kind  TEXT,
    note  TEXT,
    image TEXT,
    vars  TEXT NOT NULL DEFAULT '{}'
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE image (
    name             TEXT PRIMARY KEY,
    family           TEXT NOT NULL DEFAULT 'debian',
    release          TEXT NOT NULL DEFAULT '',
    architecture     TEXT NOT NULL DEFAULT 'amd64',
    kernel           TEXT,
    initrd           TEXT,
    kernel_arguments TEXT NOT NULL DEFAULT '[]',
    vars             TEXT NOT NULL DEFAULT '{}'
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE subnet (
    cidr    TEXT PRIMARY KEY,
    name    TEXT,
    gateway TEXT,
    dns     TEXT NOT NULL DEFAULT '[]',
    ntp     TEXT NOT NULL DEFAULT '[]',
    domain  TEXT,
    pools   TEXT NOT NULL DEFAULT '[]',
    lease   INTEGER NOT NULL DEFAULT 3600,
    vlan    INTEGER,
    vars    TEXT NOT NULL DEFAULT '{}'
  ) STRICT, WITHOUT ROWID;

  -- One row an address; versioned, so that batches of rows replicate.
  CREATE TABLE lease (
    address    TEXT PRIMARY KEY,
    mac        TEXT NOT NULL,
    client_id  TEXT,
    host_name  TEXT,
    stage      TEXT NOT NULL,
    loader     TEXT,
    started_at INTEGER NOT NULL,
    granted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    owner      TEXT NOT NULL,
    version    INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- A machine's power-on that was offered an installer.
  CREATE TABLE attempt (
    id         TEXT PRIMARY KEY,
    machine    TEXT NOT NULL,
    generation TEXT NOT NULL,
    mac        TEXT NOT NULL,
    address    TEXT NOT NULL,
    lease      TEXT NOT NULL,
    stage      TEXT NOT NULL,
    message    TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX attempt_machine ON attempt (machine, created_at);

  -- Only hashes (SHA-256, hexadecimal). kind api: an administrator's; kind attempt: an installer's.
  CREATE TABLE token (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('api', 'attempt')),
    hash       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL DEFAULT '',
    attempt    TEXT,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX token_attempt ON token (attempt, created_at);

  CREATE TABLE event (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    time    INTEGER NOT NULL,
    type    TEXT NOT NULL,
    actor   TEXT,
    machine TEXT,
    mac     TEXT,
    address TEXT,
    attempt TEXT,
    message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_machine ON event (machine, id);
  `,
  `
  -- What a lease became: bound, released or declined.
  ALTER TABLE lease ADD COLUMN state TEXT NOT NULL DEFAULT 'bound';
  `,
  `
  -- DHCP options at every level, client classes, subnets that share a link.
  ALTER TABLE subnet ADD COLUMN shared_network TEXT;
  ALTER TABLE subnet ADD COLUMN authoritative TEXT NOT NULL DEFAULT 'true';
  ALTER TABLE subnet ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE role ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE machine ADD COLUMN options TEXT NOT NULL DEFAULT '{}';

  CREATE TABLE class (
    name    TEXT PRIMARY KEY,
    match   TEXT NOT NULL DEFAULT '{}',
    options TEXT NOT NULL DEFAULT '{}',
    note    TEXT
  ) STRICT, WITHOUT ROWID;

  -- What holds for all machines: always one row.
  CREATE TABLE global (
    name    TEXT PRIMARY KEY,
    options TEXT NOT NULL DEFAULT '{}',
    vars    TEXT NOT NULL DEFAULT '{}'
  ) STRICT, WITHOUT ROWID;
  INSERT INTO global (name) VALUES ('settings');
  `,
  `
  -- What a UEFI machine is sent, and how its firmware took to it.
  ALTER TABLE machine ADD COLUMN loader TEXT NOT NULL DEFAULT 'auto';
  ALTER TABLE machine ADD COLUMN trials TEXT NOT NULL DEFAULT '{"refusedAt":[],"ipxeAt":0}';
  `,
  `
  -- The pair. How far the writes of each origin are known here, and the latest stamp among them.
  CREATE TABLE seen (
    origin TEXT PRIMARY KEY,
    seq    INTEGER NOT NULL,
    hlc    TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO seen SELECT origin, max(seq), max(hlc) FROM op GROUP BY origin;

  -- Who wrote it: an API token's name, a machine.
  ALTER TABLE op ADD COLUMN actor TEXT NOT NULL DEFAULT '';

  ALTER TABLE field_version ADD COLUMN actor TEXT NOT NULL DEFAULT '';

  -- The whole history that still matters of entities that were deleted, or written on both sides while the two were
  -- apart: by field the values, each with its version and actor.
  CREATE TABLE document (
    entity TEXT NOT NULL,
    key    TEXT NOT NULL,
    fields TEXT NOT NULL CHECK (json_valid(fields)),
    PRIMARY KEY (entity, key)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO document
    SELECT entity, key, json_object('deleted', json_array(json_object('version', version, 'value', 'true', 'actor', '')))
    FROM field_version WHERE field = 'deleted';
  DELETE FROM field_version WHERE field = 'deleted';

  -- Writes of a newer version's, which this one doesn't understand: kept for the version that does.
  CREATE TABLE unknown_op (
    origin TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    op     TEXT NOT NULL CHECK (json_valid(op)),
    PRIMARY KEY (origin, seq)
  ) STRICT, WITHOUT ROWID;

  -- While the two were apart both may have claimed a MAC or an address: no constraint refuses what happened.
  CREATE TABLE claim (
    id       INTEGER PRIMARY KEY,
    machine  TEXT NOT NULL REFERENCES machine (name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    mac      TEXT NOT NULL,
    ipv4     TEXT,
    subnet   TEXT,
    UNIQUE (machine, position)
  ) STRICT;
  INSERT INTO claim (machine, position, mac, ipv4, subnet) SELECT machine, position, mac, ipv4, subnet FROM interface;
  DROP TABLE interface;
  ALTER TABLE claim RENAME TO interface;

  -- Fixed addresses that were taken from a machine, which has the MAC, while the other instance couldn't be told.
  CREATE TABLE freed (
    address TEXT PRIMARY KEY,
    mac     TEXT NOT NULL,
    seq     INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Counts this instance's changes of leases; 0: of the other's, or of before there was one. And the end that the
  -- other instance knows of where it doesn't know the latest.
  ALTER TABLE lease ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE lease ADD COLUMN known_until INTEGER NOT NULL DEFAULT 0;

  -- Addresses of pools that one instance gave the other, which had none left; id: the address.
  CREATE TABLE share (
    id   TEXT PRIMARY KEY,
    slot INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `
]
