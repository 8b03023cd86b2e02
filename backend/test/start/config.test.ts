// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ConfigError, defaultData, readConfig, START_OPTIONS, startHelp } from "../../src/config.ts";
import { RETENTION } from "../../src/fleet/index.ts";
import { createLog } from "../../src/log.ts";

const test = suite("start's options");

test("nothing said: everything has a default", () => {
  const config = readConfig([], { HOME: "/home/anna" });
  assert.is(config.data, "/home/anna/.local/share/securebox-backend");
  assert.equal([config.apiPort, config.httpPort, config.mqttPort, config.databaseUrl, config.broker, config.log, config.logLevel, config.certificateLifetime], [8443, 8080, 8883, undefined, undefined, "text", "info", 90 * 86_400_000]);
  assert.is(config.names.length, 1);
  assert.is(defaultData({ XDG_DATA_HOME: "/data", HOME: "/home/anna" }), "/data/securebox-backend");
});

test("what is kept: as the fleet has it by default, else as said", () => {
  const { events, eventsAge, audit, auditAge } = RETENTION;
  assert.equal(readConfig([], {}).retention, { events, eventsAge, audit, auditAge });
  const said = readConfig(["--events-days", "7", "--audit-max", "5000000"], { SECUREBOX_EVENTS_MAX: "2000", SECUREBOX_AUDIT_DAYS: "3650" }).retention;
  assert.equal(said, { events: 2000, eventsAge: 7 * 86_400_000, audit: 5_000_000, auditAge: 3650 * 86_400_000 });
});

test("the life of certificates, in any unit", () => {
  const lives = ["10s", "5m", "12h", "825d"].map((time) => readConfig(["--certificate-lifetime", time], {}).certificateLifetime);
  assert.equal(lives, [10_000, 300_000, 43_200_000, 825 * 86_400_000]);
});

test("the command line comes before the environment, and names add up", () => {
  const environment = { SECUREBOX_API_PORT: "1", SECUREBOX_NAMES: "a.example, b.example", DATABASE_URL: "postgresql://db.example/x", BROKER_URL: "mqtts://broker.example:8884" };
  assert.equal(readConfig([], environment).names, ["a.example", "b.example"]);
  const config = readConfig(["--api-port", "2", "--name", "c.example", "--name=::1", "--http-port", "off"], environment);
  assert.equal([config.apiPort, config.names, config.httpPort, config.databaseUrl, config.broker?.url], [2, ["c.example", "::1"], undefined, "postgresql://db.example/x", "mqtts://broker.example:8884"]);
});

for (const [argv, message] of [
  [["--prot", "1"], /--prot: not an option of "start"/], [["--api-port"], /--api-port needs a value: PORT/], [["--api-port", "x"], /--api-port x: expected a whole number from 0 to 65535/],
  [["--mqtt-port", "65536"], /--mqtt-port 65536/], [["--name", "https://x"], /--name https:\/\/x: expected a DNS name or an address/], [["--log", "xml"], /--log xml: expected text, json/],
  [["--api-port", "1", "--api-port", "2"], /--api-port was given twice/], [["--broker-url", "mqtt://h:1", "--broker-cert", "x"], /--broker-cert and --broker-key go together/],
  [["--broker-url", "mqtt://h:1", "--broker-reload", "x"], /--broker-reload needs --broker-crl/],
  ...["9s", "826d", "90", "1.5h", "d", "-1d"].map((time) => [["--certificate-lifetime", time], new RegExp(`--certificate-lifetime ${time}: expected a number and s, m, h or d, from 10s to 825d`)] as const), [["--events-days", "0"], /--events-days 0: expected a whole number from 1 to 3650/], [["--audit-max", "all"], /--audit-max all: expected a whole number from 1000 to 10000000/], [["start"], /start: not an option/], [["--mqtt-url", "mqtt://h:1"], /--mqtt-url \(or SECUREBOX_MQTT_URL\): expected mqtts:\/\/HOST:PORT/],
] as const)
  test(`refused: ${argv.join(" ")}`, () => {
    assert.throws(() => readConfig(argv, {}), (error: Error) => error instanceof ConfigError && message.test(error.message));
  });

test("a wrong URL is not shown: it may hold a password", () => {
  assert.throws(() => readConfig([], { DATABASE_URL: "mysql://anna:geheim@db" }), (error: Error) => error.message === "--database-url (or DATABASE_URL): expected postgresql://HOST:PORT");
});

test("help and documentation name every option and variable", () => {
  const documentation = readFileSync("docs/backend.md", "utf8");
  for (const { name, value, variable } of START_OPTIONS) {
    assert.ok(startHelp().includes(`--${name} ${value}`), name);
    assert.ok(documentation.includes(`\`--${name} ${value}\``) && documentation.includes(`\`${variable}\``), `${name} in docs/backend.md`);
  }
});

test("what comes from outside makes no line of the log's own, and no colours", () => {
  const lines: string[] = [];
  createLog("text", "info", (line) => lines.push(line))("warn", "broker.refused", { message: "a\n00:00:00 info  ready\u001b[31m\u009b", remote: "::1", absent: undefined });
  createLog("text", "warn", (line) => lines.push(line))("info", "quiet");
  assert.is(lines.length, 1);
  assert.match(lines[0]!, /^\d\d:\d\d:\d\d warn  broker\.refused message="a\\n00:00:00 info  ready\\u001b\[31m\\u009b" remote=::1\n$/);
});

test.run();
