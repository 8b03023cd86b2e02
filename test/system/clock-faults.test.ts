// SPDX-License-Identifier: Apache-2.0
/*
 * A gateway that boots with a wrong clock, and a party with the rights of the broker that offers it old documents, while the backend is silent and afterwards.
 * The backend is the real one, on PostgreSQL and Mosquitto; the older document is one that it published, the expired one is signed with its own key.
 */
import { join } from "node:path";
import { decodeDocument, encodeDocument, signDocument, type SignedDocument } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { signer } from "../../backend/src/pki/signer.ts";
import { setup } from "../../tools/setup/index.ts";
import { must, telling, until } from "../lab/command.ts";
import { Gateway } from "../lab/gateway.ts";
import { allowed, another, inForce } from "../lab/scenario/linked.ts";
import { all, policy, reaches, type World } from "../lab/scenario/world.ts";
import { type Servers, startServers } from "../lab/servers.ts";
import { Topology } from "../lab/topology.ts";

interface Context { world: World; servers: Servers; broker: Intruder; first: Uint8Array }

const ID = "gw-1";
const TOPIC = `securebox/1/lab/${ID}/desired`;
const MINUTE = 60_000;
/** ARCHITECTURE, "The link's numbers": a welcome is waited for 10 s, twice; a reconnection after that takes at most 5 s. */
const RECOVERED_WITHIN = 25_000;

/** Reads and writes the broker's retained documents with the certificate of the backend's processes. */
class Intruder {
  constructor(private readonly servers: Servers, private readonly directory: string) {}

  async retained(): Promise<Uint8Array> {
    const text = await this.#mqtt('client.subscribe(topic); client.on("message", (_, payload) => { process.stdout.write(payload.toString("base64")); client.end(true); })');
    return Buffer.from(text, "base64");
  }

  async publish(document: Uint8Array): Promise<void> {
    await this.#mqtt('client.publish(topic, Buffer.from(document, "base64"), { qos: 1, retain: true }, () => client.end())', Buffer.from(document).toString("base64"));
  }

  #mqtt(action: string, document = ""): Promise<string> {
    const script = `const [url, cert, key, topic, document] = process.argv.slice(1); const { readFileSync } = require("node:fs");
      const client = require("mqtt").connect(url, { cert: readFileSync(cert), key: readFileSync(key), rejectUnauthorized: false }); client.on("error", (error) => { throw error; }); ${action};`;
    const files = ["backend.pem", "backend.key"].map((name) => join(this.directory, name));
    return must(this.servers.backends[0].namespace.inside([process.execPath, "-e", script, "mqtts://127.0.0.1:8884", ...files, TOPIC, document]), { deadline: 15_000 });
  }
}

const test = suite<Context>("clock faults");

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  const topology = await Topology.create({ mode: "isolating" });
  try {
    let directory = "";
    const [gateway, servers] = await Promise.all([
      Gateway.start(topology, "quickjs", policy(allowed)), startServers(topology.lab, topology.ap, (written) => ((directory = written), [])),
    ]);
    await gateway.join(servers.backends[0], ID, policy(allowed));
    await topology.online();
    for (const name of ["printer", "camera"] as const) await topology.station(name).agent.call("serve", { protocol: "udp", port: 5000 });
    const broker = new Intruder(servers, directory);
    const first = await broker.retained();
    Object.assign(context, { servers, broker, first, world: { topology, gateway, unprotected: Promise.resolve(new Map()) } });
  } catch (error) {
    await topology.close();
    throw error;
  }
}));
test.after(async ({ world }) => world?.topology.close());

for (const [what, clock] of [["an hour ahead", "+1h"], ["an hour behind", "-1h"], ["at 1970", "@1970-01-01 00:01:00"], ["at a build date before the certificate", "@2026-01-15 00:00:00"]] as const) {
  test(`a clock ${what}: older and expired documents are refused before and after the time is known, then the newest policy is in force`, async ({ world, servers, broker, first }) => {
    const { gateway } = world;
    const { backends: [backend] } = servers;
    const version = await backend.push("lab", another());
    await inForce(world, version);
    const newest = documentOf(await broker.retained());
    await gateway.kill("SIGKILL");
    pause(servers, true);
    try {
      await broker.publish(first);
      await gateway.run(clock);
      await refused("older", documentOf(first).sequence);
      const expired = await expiredOf(servers, newest);
      await broker.publish(expired);
      await refused("expired", newest.sequence + 1);
      await until("the allowed pair open", 10_000, () => reaches(world, "laptop", "printer", "udp/5000", 4));
      await all(world, "closed", [["laptop", "camera", "udp/5000"]], [4]);
    } finally {
      pause(servers, false);
    }
    const start = performance.now();
    const row = await until("the time known and told", RECOVERED_WITHIN, async () => {
      const found = await backend.gateway(ID);
      return found.reported?.clock === "trusted" && found.reported.refused?.code === "expired" ? found : undefined;
    }, 50);
    process.stdout.write(`  ${what}: the time known ${Math.round(performance.now() - start)} ms after the backend's return\n`);
    assert.is(row.reported!.refused!.sequence, newest.sequence + 1);
    assert.is(row.reported!.desired!.sequence, newest.sequence);
    await broker.publish(first);
    await refused("older", documentOf(first).sequence, "trusted");
    await until("the reason in the API", 5000, async () => (await backend.gateway(ID)).reported?.refused?.code === "older", 50);
    const took = await inForce(world, await backend.push("lab", another()));
    assert.ok(took <= 5000, `in force after ${took} ms`);
    await until("no refusal any more", 5000, async () => (await backend.gateway(ID)).reported?.refused === undefined, 50);

    async function refused(code: string, sequence: number, known: "floor" | "trusted" = "floor"): Promise<void> {
      const status = await until(`the refusal "${code}"`, 20_000, async () => {
        const found = await gateway.status();
        return found.backend?.refused?.code === code && found.backend.refused.sequence === sequence ? found : undefined;
      }, 50).catch(async (error: Error) => { throw new Error(`${error.message}; ${JSON.stringify((await gateway.status()).backend)}`); });
      assert.equal([status.policy.source, status.policy.version, status.backend!.clock], ["backend", version, known]);
      assert.match((await gateway.cli("status")).stdout, new RegExp(`refused: desired document ${sequence} \\(${code}\\)`));
    }
  });
}

/** The backend is silent, as its processes are stopped; its connections stay. */
function pause({ backends }: Servers, silent: boolean): void {
  for (const { pid } of backends) process.kill(pid!, silent ? "SIGSTOP" : "SIGCONT");
}

function documentOf(bytes: Uint8Array): SignedDocument<"desired"> {
  const decoded = decodeDocument(signer, bytes);
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  return decoded.document as SignedDocument<"desired">;
}

/** As the backend could have signed it half an hour ago, in the period of its key, with the number that comes next. Good for ten minutes. */
async function expiredOf({ postgresql }: Servers, newest: SignedDocument<"desired">): Promise<Uint8Array> {
  const [key] = await postgresql.query<{ id: string; private_pem: string }>("SELECT id, private_pem FROM keys WHERE use = 'sign' AND retired IS NULL");
  const issued = Date.now() - 30 * MINUTE;
  const { network, gateway, body, sequence } = newest;
  return encodeDocument(signDocument<"desired">(signer, key!.private_pem, key!.id, { kind: "desired", network, gateway, sequence: sequence + 1, issued, expires: issued + 10 * MINUTE, body }));
}

test.run();
