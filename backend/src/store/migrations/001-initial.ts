// SPDX-License-Identifier: Apache-2.0
// Times are timestamptz, but those inside certificates and keys: milliseconds since 1970 (bigint), as documents carry them.
// Rows that grow without end are bounded by fleet/retention.ts: events, audit, devices, enrolment_tokens, enrolment_requests.

const fleet = [
  `CREATE TABLE networks (
    name text PRIMARY KEY,
    title text NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}',
    policy_version integer NOT NULL DEFAULT 0,
    -- of the body that every gateway of the network is to have; changed only together with the gateways' sequences
    desired_digest text,
    created timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE policies (
    network text NOT NULL REFERENCES networks ON DELETE CASCADE,
    version integer NOT NULL,
    text text NOT NULL,
    policy jsonb NOT NULL,
    -- SHA-256 of the policy's canonical JSON
    digest text NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    rolled_back_from integer,
    created timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (network, version))`,
  `CREATE TABLE gateways (
    id text PRIMARY KEY,
    network text NOT NULL REFERENCES networks,
    title text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'enrolled' CHECK (state IN ('enrolled', 'revoked')),
    created timestamptz NOT NULL DEFAULT now(),
    -- serial of the newest one
    certificate text,
    presence text NOT NULL DEFAULT 'offline' CHECK (presence IN ('online', 'offline')),
    presence_since timestamptz,
    last_seen timestamptz,
    desired_sequence bigint NOT NULL DEFAULT 0,
    desired_digest text,
    desired_version integer,
    desired_issued timestamptz,
    desired_expires timestamptz,
    reported jsonb,
    reported_digest text,
    reported_at timestamptz,
    devices_digest text,
    devices_at timestamptz)`,
  "CREATE INDEX gateways_network ON gateways (network, id)",
  `CREATE TABLE certificates (
    serial text PRIMARY KEY,
    gateway text NOT NULL,
    network text NOT NULL,
    fingerprint text NOT NULL,
    pem text NOT NULL,
    not_before bigint NOT NULL,
    not_after bigint NOT NULL,
    issued timestamptz NOT NULL DEFAULT now())`,
  "CREATE INDEX certificates_gateway ON certificates (gateway)",
  `CREATE TABLE revoked_certificates (
    serial text PRIMARY KEY,
    gateway text NOT NULL,
    not_after bigint NOT NULL,
    reason text NOT NULL,
    revoked timestamptz NOT NULL DEFAULT now())`,
  // Keys and revocation documents: one per network, the newest.
  `CREATE TABLE documents (
    kind text NOT NULL CHECK (kind IN ('keys', 'revocation')),
    network text NOT NULL REFERENCES networks ON DELETE CASCADE,
    sequence bigint NOT NULL,
    digest text NOT NULL,
    body jsonb NOT NULL,
    issued timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    PRIMARY KEY (kind, network))`,
  `CREATE TABLE devices (
    gateway text NOT NULL REFERENCES gateways ON DELETE CASCADE,
    mac text NOT NULL,
    network text NOT NULL,
    name text,
    port text NOT NULL,
    addresses jsonb NOT NULL,
    groups jsonb NOT NULL,
    quarantined boolean NOT NULL,
    blocked boolean NOT NULL,
    reason text,
    associated boolean NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (gateway, mac))`,
  "CREATE INDEX devices_network ON devices (network, mac)",
  `CREATE TABLE verdicts (
    id serial PRIMARY KEY,
    network text NOT NULL REFERENCES networks ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('flow', 'device')),
    device text NOT NULL,
    remote text NOT NULL,
    protocol integer,
    port integer,
    verdict text NOT NULL CHECK (verdict IN ('allow', 'deny')),
    reason text NOT NULL,
    author text NOT NULL,
    lifetime integer NOT NULL,
    expires timestamptz,
    created timestamptz NOT NULL DEFAULT now())`,
  "CREATE INDEX verdicts_network ON verdicts (network, id)",
];

const records = [
  // network and gateway outlive their rows: a removed network's events stay until retention takes them.
  `CREATE TABLE events (
    id bigserial PRIMARY KEY,
    network text NOT NULL,
    gateway text,
    stream text,
    n bigint,
    at timestamptz NOT NULL,
    received timestamptz NOT NULL DEFAULT now(),
    level text NOT NULL,
    event text NOT NULL,
    fields jsonb NOT NULL,
    UNIQUE (gateway, stream, n))`,
  "CREATE INDEX events_network ON events (network, id)",
  "CREATE INDEX events_gateway ON events (gateway, id)",
  "CREATE INDEX events_level ON events (level, id) WHERE level IN ('warn', 'error')",
  "CREATE INDEX events_received ON events (received)",
  // What of each outbox is stored: repeats of events that retention removed stay repeats.
  `CREATE TABLE streams (
    gateway text NOT NULL REFERENCES gateways ON DELETE CASCADE,
    stream text NOT NULL,
    stored bigint NOT NULL,
    used timestamptz NOT NULL,
    PRIMARY KEY (gateway, stream))`,
  `CREATE TABLE audit (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    network text,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail jsonb NOT NULL,
    remote text)`,
  "CREATE INDEX audit_network ON audit (network, id)",
  "CREATE INDEX audit_at ON audit (at)",
];

const identity = [
  `CREATE TABLE authority (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    key text NOT NULL,
    certificate text NOT NULL,
    created timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE keys (
    id text PRIMARY KEY,
    use text NOT NULL CHECK (use IN ('sign', 'recovery')),
    private_pem text,
    public_pem text NOT NULL,
    not_before bigint NOT NULL,
    not_after bigint NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    -- signs no more, but what it signed is still believed
    retired timestamptz,
    -- in every revocation document from then on
    revoked timestamptz)`,
  `CREATE TABLE enrolment_tokens (
    hash text PRIMARY KEY,
    network text NOT NULL REFERENCES networks ON DELETE CASCADE,
    gateway text NOT NULL,
    title text NOT NULL DEFAULT '',
    created_by text NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz NOT NULL,
    used_at timestamptz)`,
  `CREATE TABLE enrolment_requests (
    id text PRIMARY KEY,
    gateway text NOT NULL,
    network text NOT NULL,
    csr text NOT NULL,
    key_fingerprint text NOT NULL,
    same_key boolean NOT NULL,
    remote text NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'rejected')),
    decided_by text,
    decided timestamptz,
    certificate jsonb)`,
  "CREATE INDEX enrolment_requests_gateway ON enrolment_requests (gateway, created)",
];

export const initial: readonly string[] = [...fleet, ...records, ...identity];
