// SPDX-License-Identifier: Apache-2.0
// A fleet on a real database between a fake broker and a fake PKI.
import { digestOf, encodeMessage, type Devices, type MessageType, type Messages, type Reported, type Up } from "@securebox/contract";
import { createFleet, type OwnFleet } from "../../src/fleet/index.ts";
import { sha256 } from "../../src/fleet/hash.ts";
import { openLive, type OwnLive } from "../../src/live/index.ts";
import type { Actor, Database, LiveEvent, Pki, Verdicts } from "../../src/ports.ts";
import { createVerdicts } from "../../src/verdicts/index.ts";
import { FakeBroker } from "../support/fake-broker.ts";
import { FakePki } from "../support/fake-pki.ts";

export const ANNA: Actor = { name: "anna", kind: "user", role: "administrator", remote: "192.0.2.9" };
const CHANNELS: Record<string, Up> = { presence: "presence", hello: "hello", reported: "reported", devices: "devices", events: "event", ask: "ask", renew: "renew" };

export interface Rig<P = FakePki> {
  database: Database;
  fleet: OwnFleet;
  verdicts: Verdicts;
  broker: FakeBroker;
  pki: P;
  live: OwnLive;
  seen: LiveEvent[];
  logged: { level: string; event: string; fields?: Record<string, unknown> }[];
  /** Added to the real clock. */
  clock: { ahead: number };
  send<T extends MessageType>(gateway: string, type: T, body: Messages[T], options?: { network?: string; retained?: boolean; expires?: number; id?: string }): Promise<void>;
  close(): Promise<void>;
}

export function makeRig(database: Database, { broker = new FakeBroker(), pki = new FakePki() } = {}): Promise<Rig> {
  return makeRigWith(database, broker, pki);
}

export async function makeRigWith<P extends Pki>(database: Database, broker: FakeBroker, pki: P): Promise<Rig<P>> {
  const logged: Rig["logged"] = [];
  const clock = { ahead: 0 };
  const now = (): number => Date.now() + clock.ahead;
  const log = (level: string, event: string, fields?: Record<string, unknown>): void => void logged.push({ level, event, ...(fields && { fields }) });
  const live = await openLive({ database, log });
  const verdicts = createVerdicts({ database, live, now });
  const fleet = createFleet({ database, broker, pki, live, verdicts, log, now });
  const seen: LiveEvent[] = [];
  live.subscribe((event) => seen.push(event));
  let count = 0;
  return {
    database, fleet, verdicts, broker, pki, live, seen, logged, clock,
    send: (gateway, type, body, { network = "home", retained = false, expires, id = `m${++count}` } = {}) => fleet.take({
      network, gateway, channel: CHANNELS[type]!, retained,
      payload: encodeMessage({ type, id, body, ...(expires !== undefined && { expires }) } as never),
    }),
    async close() {
      fleet.close();
      await live.close();
    },
  };
}

export const policyText = (network: string, comment: string, rules = "[]"): string => `# ${comment}\nnetwork: ${network}\nrules: ${rules}\n`;

/** A network with one enrolled gateway, both with names that no other test has. */
let made = 0;
export async function makeNetwork({ fleet, pki }: Pick<Rig<Pick<FakePki, "certificate">>, "fleet" | "pki">, gateways = 1): Promise<{ network: string; ids: string[] }> {
  const network = `net-${++made}-${Math.random().toString(36).slice(2, 8)}`;
  await fleet.createNetwork(ANNA, network, "");
  const ids = Array.from({ length: gateways }, (_, index) => `${network}-g${index}`);
  for (const id of ids) await fleet.enrolled(ANNA, id, network, "", pki.certificate());
  return { network, ids };
}

export function report(more: Partial<Reported> = {}): Reported {
  return {
    policy: { source: "none", problems: [], unenforced: [], ignored: [] }, gateway: { version: "0.1.0", engine: "node", started: 1 }, switch: { state: "ready", bridge: "br0", ports: [] },
    healthy: true, problems: [], overrides: [], keys: [], clock: "trusted", eventsLost: 0, ...more,
  };
}

export function device(mac: string, more: Partial<Devices["devices"][number]> = {}): Devices["devices"][number] {
  return { mac, port: "wlan0", addresses: [], groups: [], quarantined: false, blocked: false, associated: true, ...more };
}

export const digest = (value: unknown): string => digestOf({ sha256 }, value);
export const hello = (more: Partial<Messages["hello"]> = {}): Messages["hello"] =>
  ({ nonce: "0123456789abcdef", keys: 0, revocation: 0, believes: [], reported: "0".repeat(64), devices: "0".repeat(64), events: { stream: "s1", first: 0 }, ...more });

export async function eventually(holds: () => boolean | Promise<boolean>, what: string, within = 5000): Promise<void> {
  for (const until = Date.now() + within; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (Date.now() > until) throw new Error(`${what}: not within ${within} ms`);
  }
}

/** Rejects unless `run` throws an error with this status. */
export async function refused(run: Promise<unknown>, status: number): Promise<Error & { status: number; details?: unknown }> {
  const error = await run.then(() => { throw new Error(`expected a refusal with ${status}`); }, (thrown: Error & { status: number; details?: unknown }) => thrown);
  if (error.status !== status) throw new Error(`expected ${status}, got ${error.status}: ${error.message}`);
  return error;
}
