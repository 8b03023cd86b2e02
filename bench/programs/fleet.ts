// SPDX-License-Identifier: Apache-2.0
/*
 * Many gateways in one process: the real link over real MQTT and TLS, each with a store in memory and a host that enforces whatever it is told at once. Node only.
 * Argument: a JSON file with one enrolment token per gateway. On standard input a word per line, on standard output a line of JSON when it is done:
 *   enrol     redeems the tokens over HTTPS        connect     starts all links at once; done when all are welcomed
 *   report    what they have now                   end         says farewell and exits
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Keys, Reported } from "@securebox/contract";
import { platform } from "quickjs-ts/platform";
import { enrol } from "../../src/backend-link/enrol/enrol.ts";
import { createLink } from "../../src/backend-link/link.ts";
import { connectMqtt } from "../../src/backend-link/mqtt/connect.ts";
import type { Identity, Link, LinkHost, LinkStore } from "../../src/backend-link/types.ts";
import { device } from "../lib/network.ts";

export interface Connected {
  /** Milliseconds from the word to each gateway's welcome. */
  welcomed: number[];
  /** Connections that failed or were lost before. */
  failed: number;
  /** What was said of the last of them. */
  reason?: string;
}
export interface FleetReport {
  /** Milliseconds of the processor since the start. */
  cpu: number;
  connected: number;
  /** Gateways by the version of the policy that they enforce. */
  versions: Record<string, number>;
  lost: number;
}

const DEVICES = 5;
/** Enrolments on their way at once. */
const ENROLLING = 4;
const started = Date.now();
const connect = connectMqtt(platform);

class MemoryStore implements LinkStore {
  #identity: Identity | undefined;
  #documents: ReturnType<LinkStore["documents"]> = { revoked: [], initialKeys: { keys: [] } satisfies Keys, sequences: {} };
  #floor = 0;
  #outbox: unknown;
  identity(): Identity | undefined { return this.#identity; }
  saveIdentity(identity: Identity): void { this.#identity = identity; }
  documents(): ReturnType<LinkStore["documents"]> { return this.#documents; }
  saveDocuments(documents: ReturnType<LinkStore["documents"]>): void { this.#documents = documents; }
  floor(): number { return this.#floor; }
  saveFloor(floor: number): void { this.#floor = floor; }
  outbox(): unknown { return this.#outbox; }
  saveOutbox(outbox: unknown): void { this.#outbox = outbox; }
}

class Gateway {
  readonly #store = new MemoryStore();
  readonly #token: string;
  readonly #number: number;
  #link: Link | undefined;
  #begun = 0;
  #welcome = (_after: number): void => {};
  version: number | undefined;
  failures = 0;
  reason: string | undefined;

  constructor(token: string, number: number) {
    this.#token = token;
    this.#number = number;
  }

  get connected(): boolean { return this.#link?.status.state === "connected"; }

  async enrol(): Promise<void> { await enrol(platform, this.#store, this.#token); }

  /** Milliseconds until the backend welcomed it. */
  connect(): Promise<number> {
    this.#begun = performance.now();
    const log = { debug() {}, warn() {}, error() {}, info: (event: string) => { if (event === "backend: connected") this.#welcome(performance.now() - this.#begun); } };
    const lost = (event: string, fields?: { reason?: unknown }): void => {
      if (event !== "backend: not connected" && event !== "backend: connection lost") return;
      this.failures++;
      this.reason = String(fields?.reason);
    };
    const tell = { ...log, warn: lost, info: (event: string, fields?: object) => { log.info(event); lost(event, fields); } };
    this.#link = createLink(platform, connect, this.#store, this.#host(), tell);
    return new Promise((resolve) => {
      this.#welcome = resolve;
      this.#link!.start();
    });
  }

  stop(): void { this.#link?.stop(); }

  #host(): LinkHost {
    const devices = Array.from({ length: DEVICES }, (_, i) => {
      const { mac, port, addresses } = device(this.#number * DEVICES + i + 1);
      return { mac, name: `device-${i}`, port, addresses: [...addresses], groups: ["g0"], quarantined: false, blocked: false, associated: true };
    });
    return {
      enforce: (desired, _ignored, answer) => {
        this.version = desired.version;
        answer({ ok: true });
      },
      reported: (): ReturnType<LinkHost["reported"]> => ({
        policy: { source: this.version === undefined ? "none" : "backend", problems: [], unenforced: [], ignored: [] },
        gateway: { version: "0.1.0", engine: "simulated", started }, switch: { state: "ready", bridge: "br0", ports: [{ name: "wlan0", role: "bss", number: 1 }, { name: "wan", role: "uplink", number: 2 }] },
        healthy: true, problems: [], overrides: [],
      } satisfies Partial<Reported>),
      devices: () => ({ devices }),
    };
  }
}

interface Plan { first: number; tokens: string[] }
const { first, tokens } = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Plan;
const gateways = tokens.map((token, i) => new Gateway(token, first + i));

async function enrolAll(): Promise<{ enrolled: number }> {
  const waiting = [...gateways];
  await Promise.all(Array.from({ length: ENROLLING }, async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) await next.enrol();
  }));
  return { enrolled: gateways.length };
}

async function connectAll(): Promise<Connected> {
  const welcomed = await Promise.all(gateways.map((gateway) => gateway.connect()));
  return { welcomed, failed: gateways.reduce((sum, { failures }) => sum + failures, 0), reason: gateways.find(({ reason }) => reason)?.reason };
}

function report(): FleetReport {
  const versions: Record<string, number> = {};
  for (const { version = "none" } of gateways) versions[version] = (versions[version] ?? 0) + 1;
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1000, connected: gateways.filter(({ connected }) => connected).length, versions, lost: gateways.reduce((sum, { failures }) => sum + failures, 0) };
}

async function end(): Promise<never> {
  for (const gateway of gateways) gateway.stop();
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.exit(0);
}

const words: Record<string, () => unknown> = { enrol: enrolAll, connect: connectAll, report, end };
createInterface({ input: process.stdin }).on("line", (line) => {
  Promise.resolve(words[line]!()).then((result) => process.stdout.write(`${JSON.stringify(result)}\n`), (error: Error) => process.stdout.write(`${JSON.stringify({ error: error.message })}\n`));
}).on("close", () => void end());
