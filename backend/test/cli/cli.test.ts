// SPDX-License-Identifier: Apache-2.0
// The command line against a real API over HTTP, with a fake fleet behind.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { writeLocalAccess } from "../../src/api/index.ts";
import { COMMANDS } from "../../src/cli/help.ts";
import { UsageError } from "../../src/cli/options.ts";
import { run } from "../../src/cli/run.ts";
import { openBench, type Bench } from "../api/bench.ts";
import { goodPolicy } from "../api/good-policy.ts";

let bench: Bench;
let directory: string;
test.before.each(async () => {
  directory = mkdtempSync(join(tmpdir(), "securebox-cli-"));
  bench = await openBench();
  await writeLocalAccess(bench.database, join(directory, "local.json"), "test", { url: bench.url });
});
test.after.each(async () => {
  await bench.close();
  rmSync(directory, { recursive: true });
});

interface Result { status: number; out: string; err: string; json: any }
interface Given { environment?: Record<string, string>; stdin?: string; files?: Record<string, string>; signal?: AbortSignal; written?: (text: string) => void }

async function cli(line: string, { environment = {}, stdin = "", files = {}, signal = new AbortController().signal, written }: Given = {}): Promise<Result> {
  const result = { out: "", err: "" };
  const argv = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ""));
  const status = await run(argv, {
    version: "0.1.0", environment: { HOME: directory, ...environment }, dataDirectory: directory, password: async () => "typed",
    io: {
      stdout: (text) => { result.out += text; written?.(text); }, stderr: (text) => { result.err += text; }, stdin: async () => stdin, signal,
      readFile(path) {
        if (files[path] === undefined) throw new UsageError(`${path}: no such file`);
        return files[path];
      },
    },
  });
  return { ...result, status, json: line.includes("--json") && result.out ? JSON.parse(result.out.split("\n")[0]!) : undefined };
}

test("on the backend's own machine no login is needed; the file is for its owner only", async () => {
  assert.is(statSync(join(directory, "local.json")).mode & 0o777, 0o600);
  const { status, out } = await cli("networks");
  assert.is(status, 0);
  assert.match(out, /^NETWORK +POLICY +CREATED +TITLE\nhome +none/);
});

test("a new start ends the token of the last one", async () => {
  const { token } = JSON.parse(readFileSync(join(directory, "local.json"), "utf8"));
  await writeLocalAccess(bench.database, join(directory, "local.json"), "test", { url: bench.url });
  assert.is((await bench.ask("/api/v1/me", { token })).status, 401);
  assert.is((await cli("networks")).status, 0);
});

test("push: the difference is shown, the version told; the network is the file's", async () => {
  const files = { "p.yaml": goodPolicy("shop") };
  const { status, out } = await cli('policy push p.yaml --reason "first try"', { files });
  assert.is(status, 0);
  assert.match(out, "+network: shop");
  assert.match(out, '"shop" has policy version 1');
  assert.match((await cli("policy history --network shop")).out, /1 +\d{4}-.* local:test +first try/);
  assert.is((await cli("policy show --network shop")).out, files["p.yaml"]);
});

test("push: mistakes with file, line and column; status 1; nothing pushed", async () => {
  const { status, err } = await cli("policy push p.yaml --reason r", { files: { "p.yaml": "network: home\nrules:\n  - { from: nobody-known, to: internet, allow: all }\n" } });
  assert.is(status, 1);
  assert.match(err, /^p\.yaml:3:\d+: rules\[0\]/);
  assert.is(bench.fleet.versions.length, 0);
});

test("a dry run that could not show everything says so", async () => {
  const { dryRun } = bench.fleet;
  bench.fleet.dryRun = async (network, text) => ({ ...(await dryRun.call(bench.fleet, network, text)), changes: [{ from: "a", to: "b", service: "all", before: "deny", after: "allow" }], total: 1234, cut: ["devices", "changes"] });
  const { out } = await cli("policy push - --dry-run", { stdin: goodPolicy("home") });
  bench.fleet.dryRun = dryRun;
  assert.match(out, /a +-> +b .*\nnot all is shown: only the 500 devices seen last were compared\nnot all is shown: these are the first 1 of 1234 decisions that change\n/);
});

test("a dry run pushes nothing, from standard input too", async () => {
  const { status, json } = await cli("policy push - --dry-run --json", { stdin: goodPolicy("home") });
  assert.equal([status, json.valid, json.network], [0, true, "home"]);
  assert.is(bench.fleet.versions.length, 0);
});

test("a push without a reason says in the history where it came from", async () => {
  assert.is((await cli("policy push p.yaml", { files: { "p.yaml": goodPolicy("home") } })).status, 0);
  assert.is(bench.fleet.versions.at(-1)!.reason, "pushed from p.yaml");
});

test("another version is the newest by now: status 1, and which", async () => {
  const files = { "p.yaml": goodPolicy("home") };
  await cli("policy push p.yaml --reason first", { files });
  const { status, err } = await cli("policy push p.yaml --reason second --expected 0", { files });
  assert.is(status, 1);
  assert.match(err, "the newest version is 1, not 0");
});

test("--wait ends when every gateway that is online reports it, or names those that do not", async () => {
  const reported = { desired: { sequence: 1, digest: "", version: 0 } } as any;
  bench.fleet.rows.push({ id: "attic", network: "home", title: "", created: "2026-11-23T08:00:00.000Z", state: "enrolled", presence: "online", reported, drift: { kind: "behind", message: "version 0 is in force, 1 is due" } });
  const files = { "p.yaml": goodPolicy("home") };
  const late = await cli("policy push p.yaml --reason first --wait --timeout 1", { files });
  assert.is(late.status, 1);
  assert.match(late.out, "not in force at attic: version 0 is in force");
  setTimeout(() => { reported.desired.version = 2; }, 400);
  const { status, out } = await cli("policy push p.yaml --reason second --wait", { files });
  assert.is(status, 0);
  assert.match(out, "in force at every gateway");
  assert.is((await cli("gateways")).status, 1, "one differs");
  delete bench.fleet.rows[0]!.drift;
  assert.match((await cli("gateways")).out, /attic +home +online +2\/-/);
});

test("rollback and earlier versions", async () => {
  for (const comment of ["one", "two"]) await cli("policy push - --reason x", { stdin: goodPolicy("home", comment) });
  assert.match((await cli('policy rollback 1 --network home --reason "printer"')).out, "version 3");
  assert.match((await cli("policy show 2 --network home")).out, "# two");
  assert.match((await cli("policy history --network home")).out, "(back to 1) printer");
  assert.is((await cli("policy rollback 9 --network home --reason x")).status, 4);
});

test("enroll prints what to type at the gateway", async () => {
  const { status, out } = await cli("enroll --network home --gateway attic");
  assert.is(status, 0);
  assert.match(out, "\n  securebox enroll sbx1.");
  const several = await cli("enroll");
  assert.is(several.status, 2);
  assert.match(several.err, "give --network (home, shop)");
});

test("login stores a token for its owner only, logout revokes it", async () => {
  const environment = { XDG_CONFIG_HOME: join(directory, "config") };
  const wrong = await cli(`login --url ${bench.url}`, { environment });
  assert.is(wrong.status, 4);
  assert.match(wrong.err, "the name or the password is wrong");
  const { status, out } = await cli(`login --url ${bench.url} --password-stdin`, { environment, stdin: `${bench.adminPassword}\n` });
  assert.is(status, 0, out);
  const file = join(directory, "config/securebox/backend.json");
  assert.is(statSync(file).mode & 0o777, 0o600);
  const { token } = JSON.parse(readFileSync(file, "utf8"));
  rmSync(join(directory, "local.json"));
  assert.is((await cli("networks", { environment })).status, 0);
  assert.equal((await bench.database.query("SELECT * FROM api_sessions")).length, 0, "the session has ended");
  assert.is((await cli("logout", { environment })).status, 0);
  assert.is((await bench.ask("/api/v1/me", { token })).status, 401);
  assert.is((await cli("networks", { environment })).status, 3);
});

test("statuses and messages for what goes wrong", async () => {
  const token = await bench.token("viewer");
  const cases: [line: string, status: number, error: RegExp, environment?: Record<string, string>][] = [
    ["", 0, /^$/], ["fly", 2, /unknown command "fly"/], ["policy", 2, /needs a second word: "policy push" or/], ["networks --wings", 2, /unknown option --wings/], ["networks --wait", 2, /takes no option --wait/],
    ["policy push", 2, /usage: securebox-backend policy push FILE/], ["policy push none.yaml --dry-run", 2, /none.yaml: no such file/], ["networks --url nowhere", 2, /expected https:/], ["networks --url http://192.0.2.1:80", 2, /use https/],
    ["networks --url http://127.0.0.1:1 --token x", 3, /nobody listens there/], [`networks --url ${bench.url}`, 4, /not signed in/], [`networks --url ${bench.url} --token sbt_forged`, 4, /no such API token/],
    ["networks add shed", 4, /this needs the role administrator; you are viewer/, { SECUREBOX_URL: bench.url, SECUREBOX_TOKEN: token }], ["networks add -- -bad", 4, /body.name/],
    ["networks --data /nonexistent", 3, /no backend runs with the data directory \/nonexistent/], ["policy show nine", 2, /VERSION: expected a whole number/],
  ];
  for (const [line, status, error, environment] of cases) {
    const result = await cli(line, { environment });
    assert.is(result.status, status, `${line}: ${result.status} ${result.err}`);
    assert.match(result.err, error, line);
    if (status > 0 && line && !line.includes("--wait") && !line.includes(" -- ")) assert.type((await cli(`${line} --json`, { environment })).json.error.message, "string", line);
  }
});

test("a token that is given is used, whoever is signed in", async () => {
  const { json } = await cli("tokens --json", { environment: { SECUREBOX_TOKEN: await bench.token("viewer"), SECUREBOX_URL: bench.url } });
  assert.equal(json.items, []);
});

test("tail writes events as they come, ends on interrupt, clean of what would move the cursor", async () => {
  const controller = new AbortController();
  let out = "";
  const ended = cli("tail --network home", { signal: controller.signal, written: (text) => { out += text; } });
  const event = { id: 1, network: "home", gateway: "attic", at: "2026-11-23T08:00:00.000Z", received: "", level: "warn", event: "device-blocked", fields: { name: "evil\u001b[2J", mac: "02:00:00:00:00:11" } };
  const timer = setInterval(() => bench.emit({ kind: "event", network: "home", id: 1, event }), 50);
  for (const until = Date.now() + 5000; !out.includes("device-blocked") && Date.now() < until; ) await new Promise((resolve) => setTimeout(resolve, 20));
  clearInterval(timer);
  controller.abort();
  assert.is((await ended).status, 0);
  assert.match(out, "2026-11-23 08:00:00 home/attic warn device-blocked name=evil\ufffd[2J mac=02:00:00:00:00:11\n");
});

test("tail comes back after the backend's restart", async () => {
  const controller = new AbortController();
  let out = "";
  let err = "";
  const { port } = new URL(bench.url);
  const token = await bench.token("viewer");
  const ended = cli(`tail --json --url ${bench.url}`, { environment: { SECUREBOX_TOKEN: token }, signal: controller.signal, written: (text) => { out += text; } }).then((result) => { err = result.err; });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await bench.api.close();
  const { createServer } = await import("node:http");
  const again = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write('id: x-1\nevent: policy\ndata: {"kind":"policy","network":"home","version":2}\n\n');
  });
  await new Promise<void>((resolve) => again.listen(Number(port), "127.0.0.1", resolve));
  for (const until = Date.now() + 8000; !out.includes("version") && Date.now() < until; ) await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort();
  await ended;
  again.closeAllConnections();
  again.close();
  assert.match(out, '"version":2');
  assert.match(err, "connecting again");
});

test("every command has help that names its options and exit statuses", async () => {
  for (const { name, options } of COMMANDS) {
    const { status, out } = await cli(`help ${name}`);
    assert.is(status, 0);
    for (const option of options) assert.match(out, `--${option}`, name);
    assert.match(out, "Exit status", name);
  }
  assert.match((await cli("")).out, "securebox-backend help COMMAND");
});

test.run();
