// SPDX-License-Identifier: Apache-2.0
// The program with nothing beside it: first start, restart, a second one, signals, kill -9.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { enrolFakeGateway } from "../console/fake-gateway.ts";
import { BackendProcess } from "../support/backend-process.ts";
import { freePort } from "../support/mosquitto-server.ts";

const test = suite("the backend as one process");
const directory = mkdtempSync(join(tmpdir(), "securebox-one-"));
const data = join(directory, "data");
const running: BackendProcess[] = [];
let mqttPort = "";
const start = async (): Promise<BackendProcess> => {
  const backend = await BackendProcess.start(data, ["--mqtt-port", mqttPort]);
  running.push(backend);
  return backend;
};
const fingerprintIn = ({ stderr }: BackendProcess): string | undefined => /authority \(SHA-256\): ([0-9a-f]{64})/.exec(stderr)?.[1];
let first: BackendProcess;

test.before(async () => {
  mqttPort = String(await freePort());
  first = await start();
});
test.after(async () => {
  for (const backend of running) await backend.end("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

test("the first start shows the password once and keeps the recovery key in a file of its owner", async () => {
  assert.match(first.stderr, /sign in as "admin" with the password: \S{12,}/);
  assert.is(statSync(data).mode & 0o777, 0o700);
  assert.is(statSync(join(data, "recovery-key.pem")).mode & 0o777, 0o600);
  assert.match(readFileSync(join(data, "recovery-key.pem"), "utf8"), /^-----BEGIN PRIVATE KEY-----/);
  assert.is(statSync(join(data, "local.json")).mode & 0o777, 0o600);
});

test("a second process on the same data is refused in one sentence, status 3, and the first goes on", async () => {
  const second = await BackendProcess.run(["start", "--data", data, "--api-port", "0", "--http-port", "off", "--mqtt-port", "0"]);
  assert.is(await second.ended(), 3);
  assert.match(second.stderr, /process \d+ has it open; only one may/);
  assert.not.match(second.stderr, /\n\s+at /);
  assert.equal((await first.ask("/api/v1/networks")).items, []);
});

test("a port that is taken is named by its option, status 3", async () => {
  const second = await BackendProcess.run(["start", "--data", join(directory, "other"), "--listen", "127.0.0.1", "--api-port", "0", "--http-port", "off", "--mqtt-port", mqttPort]);
  assert.is(await second.ended(), 3);
  assert.match(second.stderr, new RegExp(`--mqtt-port ${mqttPort}: another program, or another backend, listens there`));
});

test("a wrong option is status 2", async () => {
  const wrong = await BackendProcess.run(["start", "--api-port", "many"]);
  assert.is(await wrong.ended(), 2);
  assert.match(wrong.stderr, /--api-port many: expected a whole number/);
});

test("a gateway enrols, gets its policy, and its event is stored", async () => {
  await first.ask("/api/v1/networks", { name: "home" });
  await push(first, 1);
  const { token } = await first.ask("/api/v1/networks/home/enrolment-tokens", { gateway: "attic" });
  assert.is(urlIn(token), /console and API: (https:[^,\s]+)/.exec(first.stderr)![1], "the port that was found, not the 0 that was asked for");
  const gateway = await enrolFakeGateway(token, (path, body) => first.ask(path, body));
  await gateway.presence("online");
  await gateway.event("tried", { x: 1 });
  await eventually(() => gateway.desired.length > 0, "desired document");
  assert.is(gateway.desired.at(-1)!.body.version, 1);
  assert.is((await first.ask("/api/v1/gateways/attic")).presence, "online");
  assert.ok((await first.ask("/api/v1/events")).items.some(({ event }: { event: string }) => event === "tried"));
  await gateway.close();
});

test("kill -9, and the next start has what was answered before: networks, policy, authority; no new password", async () => {
  await push(first, 2);
  await first.end("SIGKILL");
  const second = await start();
  assert.is(fingerprintIn(second), fingerprintIn(first));
  assert.not.match(second.stderr, /password/);
  assert.is((await second.ask("/api/v1/networks/home")).policyVersion, 2);
  assert.is((await second.ask("/api/v1/gateways/attic")).presence, "offline");
  first = second;
});

for (const signal of ["SIGTERM", "SIGINT"] as const)
  test(`${signal} ends it with status 0 in time, with a gateway and a live stream connected; it is not ready from then on`, async () => {
    const { url, token } = JSON.parse(readFileSync(join(data, "local.json"), "utf8"));
    const live = await fetch(`${url}/api/v1/live`, { headers: { authorization: `Bearer ${token}` } });
    assert.is(live.status, 200);
    const probe = await halfAsked(new URL(url), "/health/ready");
    const made = await first.ask("/api/v1/networks/home/enrolment-tokens", { gateway: "attic" });
    const gateway = await enrolFakeGateway(made.token, (path, body) => first.ask(path, body));
    const begin = Date.now();
    const ended = first.end(signal);
    await eventually(() => / info  stops /.test(first.stderr), "stops");
    assert.match(await probe(), /^HTTP\/1.1 503 [^]*it is stopping/);
    assert.is(await ended, 0);
    assert.ok(Date.now() - begin < 10_000);
    assert.match(first.stderr, / info  stopped/);
    await live.body!.cancel().catch(() => {});
    await gateway.close();
    first = await start();
  });

/** Sends all of a request but its end; the result sends that, and resolves with the answer. */
async function halfAsked({ hostname, port }: URL, path: string): Promise<() => Promise<string>> {
  const socket = connect(Number(port), hostname).setEncoding("utf8");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  await new Promise((resolve) => socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n`, resolve));
  return async () => {
    socket.write("\r\n");
    let answer = "";
    for await (const part of socket) answer += part;
    return answer;
  };
}

async function push(backend: BackendProcess, version: number): Promise<void> {
  const text = `# version ${version}\nnetwork: home\nrules: []\n`;
  assert.is((await backend.ask("/api/v1/networks/home/policy", { text, reason: `version ${version}` }, "PUT")).version, version);
}

const urlIn = (token: string): string => JSON.parse(Buffer.from(token.replace("sbx1.", ""), "base64url").toString()).u;

async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 10_000; !condition(); await new Promise((done) => setTimeout(done, 20))) if (Date.now() > end) throw new Error(`not within 10 s: ${what}`);
}

test.run();
