// SPDX-License-Identifier: Apache-2.0
// People and programs that use the API. Passwords are kept as scrypt, session and token secrets as SHA-256: a stolen database signs nobody in.
// IF NOT EXISTS: before this step was a migration the API made these very tables itself, and they may be there, with people in them.
export const accounts: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS api_users (
    name text PRIMARY KEY, password text NOT NULL, role text NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    networks jsonb, created timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE IF NOT EXISTS api_sessions (
    hash text PRIMARY KEY, user_name text NOT NULL REFERENCES api_users ON DELETE CASCADE,
    created timestamptz NOT NULL DEFAULT now(), used timestamptz NOT NULL, expires timestamptz NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS api_tokens (
    id serial PRIMARY KEY, hash text NOT NULL UNIQUE, title text NOT NULL, owner text REFERENCES api_users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')), networks jsonb,
    created timestamptz NOT NULL DEFAULT now(), expires timestamptz, used timestamptz, revoked timestamptz)`,
];
