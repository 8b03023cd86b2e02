// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Platform } from "quickjs-ts";
import { platform as real } from "quickjs-ts/platform";
import { COMMANDS } from "../cli/help.ts";
import { parseArguments, UsageError } from "../cli/options.ts";
import { run } from "../cli/run.ts";
import { DEFAULT_CONFIG_PATH, DEFAULTS, UCI_CONFIG_PATH, UCI_STATE } from "../config/config.ts";
import { ControlFailure, type StatusResult } from "../control/protocol.ts";
import { serveControl, type Methods } from "../control/server.ts";

const cli = suite("command line");
const socket = `/tmp/securebox-cli-test-${real.processes.pid}.sock`;

interface Outcome { status: number; out: string; err: string }

async function securebox(argv: string[], stdin = "", runGateway = () => Promise.resolve(42)): Promise<Outcome> {
  const outcome: Outcome = { status: -1, out: "", err: "" };
  const processes = {
    pid: real.processes.pid, arguments: argv, environment: () => undefined, readStdin: () => stdin, stackOf: real.processes.stackOf,
    stdout: (text: string) => { outcome.out += text; }, stderr: (text: string) => { outcome.err += text; },
  };
  outcome.status = await run({ ...real, processes } as unknown as Platform, runGateway);
  return outcome;
}

async function served(methods: Methods, argv: string[]): Promise<Outcome> {
  const server = serveControl(real.net, socket, methods, () => {});
  try {
    return await securebox([...argv, "--socket", socket]);
  } finally {
    server.close();
  }
}

cli("options in both spellings, operands in order, -- ends the options", () => {
  assert.equal(parseArguments(["explain", "a", "--json", "--socket=/x", "b", "--policy", "/y", "--", "--c"]),
    { operands: ["explain", "a", "b", "--c"], options: { json: "true", socket: "/x", policy: "/y" } });
  for (const wrong of [["--jsn"], ["--socket"], ["--socket="], ["--json=1"], ["-x"]]) assert.throws(() => parseArguments(wrong), (error: Error) => error instanceof UsageError);
});

cli("no command: the overview names every command", async () => {
  const { status, out } = await securebox([]);
  assert.is(status, 0);
  for (const command of COMMANDS) assert.match(out, new RegExp(`^  ${command.name}\\b`, "m"));
});

cli("the help names the defaults that the gateway has, on OpenWrt, too", async () => {
  const { out } = await securebox(["gateway", "--help"]);
  for (const path of [DEFAULT_CONFIG_PATH, UCI_CONFIG_PATH, UCI_STATE, DEFAULTS.policy, DEFAULTS.state, DEFAULTS.socket]) assert.ok(out.includes(path), path);
});

cli("every command has its help", async () => {
  for (const command of COMMANDS) {
    const byWord = await securebox(["help", ...command.name.split(" ")]);
    assert.match(byWord.out, `Usage: securebox ${command.name}`);
    assert.equal(await securebox([...command.name.split(" "), "--help"]), byWord);
  }
});

for (const argv of [["frobnicate"], ["policy"], ["explain", "a"], ["status", "x"], ["status", "--follow"], ["--nonsense"], ["undo", "first"]]) {
  cli(`wrong usage is status 2: ${argv.join(" ")}`, async () => {
    const { status, out, err } = await securebox(argv);
    assert.is(status, 2);
    assert.is(out, "");
    assert.match(err, /^securebox: /);
  });
}

cli("an unreachable gateway is status 3, with --json an error object", async () => {
  const { status, out } = await securebox(["devices", "--socket", "/tmp/securebox-none.sock", "--json"]);
  assert.is(status, 3);
  assert.is((JSON.parse(out) as { error: { code: string } }).error.code, "unreachable");
});

cli("a refusal is status 4, a bug of the gateway 5", async () => {
  const refused = await served({ quarantine: () => { throw new ControlFailure("not-found", "no device x"); } }, ["quarantine", "x"]);
  assert.is(refused.status, 4);
  assert.is(refused.err, "securebox: no device x\n");
  assert.is((await served({ quarantine: () => { throw new TypeError("oops"); } }, ["quarantine", "x"])).status, 5);
});

cli("explain: 0 when allowed, 1 when denied; its operands arrive", async () => {
  const explain = ({ a, b, service }: Record<string, unknown>) => {
    const allowed = b === "printer";
    return { a, b, service, verdict: allowed ? "allow" : "deny", allowed, because: "rule", reason: "r", rule: 0, ruleText: "{}", lines: [`${a} -> ${b} ${service}`, "because r"] };
  };
  const allowed = await served({ explain }, ["explain", "laptop", "printer", "tcp/631"]);
  assert.is(allowed.status, 0);
  assert.is(allowed.out, "laptop -> printer tcp/631\nbecause r\n  {}\n");
  const denied = await served({ explain }, ["explain", "laptop", "camera", "--json"]);
  assert.is(denied.status, 1);
  assert.is((JSON.parse(denied.out) as { verdict: string }).verdict, "deny");
});

cli("status: 0 only when healthy; problems and policy errors are shown", async () => {
  const { status, out } = await served({ status: () => UNHEALTHY }, ["status"]);
  assert.is(status, 1);
  assert.match(out, "NOT HEALTHY");
  assert.match(out, "problem: the policy file is invalid");
  assert.match(out, "policy error: /p.yaml:3:7: rules[0].from: unknown group");
  assert.match(out, "not enforced yet: groups.a[0] (line 2): psk");
});

cli("policy check: 0 valid, 1 invalid with line, column and field; unenforced constructs are named", async () => {
  const valid = await securebox(["policy", "check", "-"], "network: home\ngroups:\n  family: [ { psk: alice } ]\nrules:\n  - { from: family, to: internet, allow: all }\n");
  assert.is(valid.status, 0, valid.out);
  assert.match(valid.out, /^standard input:3: groups\.family\[0\]: warning: not enforced yet, opens nothing: psk alice/m);
  const invalid = await securebox(["policy", "check", "-"], "network: home\nrules:\n  - { from: family, to: internet, alow: all }\n");
  assert.is(invalid.status, 1);
  assert.match(invalid.out, /^standard input:3:\d+: rules\[0\]/m);
  const json = JSON.parse((await securebox(["policy", "check", "-", "--json"], "rules: 7\n")).out) as { valid: boolean; errors: unknown[] };
  assert.is(json.valid, false);
  assert.ok(json.errors.length > 0);
});

cli("policy check: a file that cannot be read is the user's mistake, not ours", async () => {
  const { status, out, err } = await securebox(["policy", "check", "/nonexistent.yaml"]);
  assert.equal([status, out, err], [2, "", "securebox: read /nonexistent.yaml: ENOENT\n"]);
  const json = JSON.parse((await securebox(["policy", "check", "/nonexistent.yaml", "--json"])).out);
  assert.equal(json, { error: { code: "configuration", message: "read /nonexistent.yaml: ENOENT" } });
});

cli("the gateway's own status is passed on", async () => {
  assert.is((await securebox(["gateway"])).status, 42);
});

cli("an internal error: status 5, with a stack that leads to the sources", async () => {
  const { status, err } = await securebox(["gateway"], "", () => Promise.reject(new TypeError("oops")));
  assert.is(status, 5);
  assert.match(err, /^securebox: oops\nTypeError: oops\n/);
  assert.match(err, /src\/gateway\/test\/cli\.test\.ts:\d+:\d+/);
});

const UNHEALTHY: StatusResult = {
  version: "0", engine: "node", pid: 1, uptime: 3, healthy: false, problems: ["the policy file is invalid"],
  switch: { state: "ready", bridge: "br0", flows: 1, ports: [{ name: "wlan0", role: "bss", number: 1 }], features: {}, bundles: 0, refused: 0 },
  policy: {
    path: "/p.yaml", source: "last-valid", network: "home", groups: 1, rules: 1, quarantined: 0,
    errors: [{ line: 3, column: 7, field: "rules[0].from", message: "unknown group" }], warnings: [], unenforced: [{ path: "groups.a[0]", line: 2, reason: "psk" }],
  },
  devices: { known: 0, present: 0, quarantined: 0, blocked: 0 }, held: { now: 0, total: 0, released: 0, dropped: 0 },
  stations: { source: "none" }, state: { path: "/s", saved: true }, memory: { resident: 1, peak: 1 },
};

cli.run();
