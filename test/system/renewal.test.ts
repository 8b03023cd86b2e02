// SPDX-License-Identifier: Apache-2.0
// Certificates that live for seconds, between the real backend with its own broker and the real gateway on QuickJS: renewed in time, refused when they have
// expired, and asked for again by a gateway that slept past the end of its own.
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EnrolmentRequest } from "../../backend/src/ports.ts";
import { setup } from "../../tools/setup/index.ts";
import { run, sleep, telling, until } from "../lab/command.ts";
import { link } from "../lab/backend.ts";
import { another, inForce, type Linked, openLinked } from "../lab/scenario/linked.ts";
import { all, reaches } from "../lab/scenario/world.ts";

type Context = Linked & { old: Credentials };
interface Credentials { certificate: string; privateKey: string }

const ID = "gw-1";
const LIFETIME = 12_000;
/** ARCHITECTURE, "The link's numbers": a connection that was closed is back within this, at most. */
const RECONNECTED_WITHIN = 5_000;

const test = suite<Context>("renewal of certificates");

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  Object.assign(context, await openLinked(undefined, ["--certificate-lifetime", `${LIFETIME / 1000}s`]));
}));
test.after(async ({ world }) => world?.topology.close());

test("renewed before its end over the link, which is gone no longer than a reconnect; what is pushed then is enforced", async (context) => {
  const { world, backend } = context;
  const old = (context.old = credentials(context));
  let away = 0;
  let last = performance.now();
  const renewed = await until("the next certificate reported", LIFETIME * 2, async () => {
    const { presence, reported } = await backend.gateway(ID);
    const now = performance.now();
    if (presence !== "online") away += now - last;
    last = now;
    return reported?.certificate && reported.certificate.serial !== serialOf(old) ? reported.certificate : undefined;
  });
  assert.ok(Date.now() < endOf(old), "the one before has not ended yet");
  assert.ok(away <= RECONNECTED_WITHIN, `offline for ${away} ms`);
  process.stdout.write(`  renewed ${Math.round(endOf(old) - Date.now())} ms before the end; seen offline for ${Math.round(away)} ms\n`);
  const now = credentials(context);
  assert.equal([serialOf(now), endOf(now), now.privateKey], [renewed.serial, renewed.expires, old.privateKey]);
  await inForce(world, await backend.push("lab", another()), RECONNECTED_WITHIN);
  await all(world, "closed", [["laptop", "camera", "udp/5000"]], [4]);
});

test("switched off past the end of its certificate: refused by the broker, approved in the console, back; meanwhile it enforces what it has", async (context) => {
  const { world, backend, old } = context;
  const { gateway } = world;
  const { policy: { version } } = await gateway.status();
  await gateway.kill("SIGTERM");
  const expired = credentials(context);
  await sleep(Math.max(endOf(old), endOf(expired)) + 1000 - Date.now());
  for (const each of [old, expired]) assert.match(await connect(context, each), /not authorized/i);
  await gateway.run();
  assert.equal([(await gateway.status()).policy.source, (await gateway.status()).policy.version], ["backend", version]);
  const request = await until("the request for another certificate", 20_000, async () => (await requests(context)).find(({ gateway: id, state }) => id === ID && state === "open"), 50);
  assert.is(request.sameKey, true);
  const { backend: shown } = await gateway.status();
  assert.is(shown!.enrolment!.keyFingerprint, request.keyFingerprint);
  assert.ok(await reaches(world, "laptop", "printer", "udp/5000", 4), "the allowed pair talks");
  await backend.api("POST", `/api/v1/enrolment-requests/${request.id}/approve`);
  await until("online again", 20_000, async () => (await backend.gateway(ID)).presence === "online", 50);
  assert.is((await gateway.status()).backend!.enrolment, undefined);
  await inForce(world, await backend.push("lab", another()), RECONNECTED_WITHIN);
});

function credentials({ world }: Linked): Credentials {
  return JSON.parse(readFileSync(join(world.gateway.stateDirectory, "backend/credentials.json"), "utf8")) as Credentials;
}

const serialOf = ({ certificate }: Credentials): string => new X509Certificate(certificate).serialNumber.toLowerCase();
const endOf = ({ certificate }: Credentials): number => Date.parse(new X509Certificate(certificate).validTo);

async function requests({ backend }: Linked): Promise<EnrolmentRequest[]> {
  return (await backend.api<{ items: EnrolmentRequest[] }>("GET", "/api/v1/enrolment-requests")).items;
}

/** Why the broker does not let in whoever has these; "" when it does. */
async function connect({ backend }: Linked, { certificate, privateKey }: Credentials): Promise<string> {
  const script = `const [url, clientId, cert, key] = process.argv.slice(1);
    const client = require("mqtt").connect(url, { clientId, cert, key, rejectUnauthorized: false, reconnectPeriod: 0 });
    client.on("connect", () => client.end()).on("error", ({ message }) => process.stdout.write(message)).on("close", () => process.exit());`;
  const { stdout, stderr } = await run(backend.namespace.inside([process.execPath, "-e", script, `mqtts://${link.backend}:8883`, ID, certificate, privateKey]), { deadline: 15_000 });
  assert.is(stderr, "");
  return stdout;
}

test.run();
