// SPDX-License-Identifier: Apache-2.0
/*
 * rpcd as OpenWrt has it: what the access groups of luci-app-securebox let a session do, and /etc/config/securebox read and written over ubus. With rpcd of
 * OPENWRT_PREFIX where it has sbin/rpcd; else test/luci/rpcd-stand-in.ts, whose head says its limits.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Table, UbusClient } from "ubus-ts";
import { startBus, type TestBus } from "../../packages/ubus-ts/test/bus.ts";
import { parseUci } from "../../src/openwrt/uci/text.ts";
import { until } from "../lab/command.ts";
import { Daemons } from "../luci/real.ts";
import { startRpcd } from "../luci/rpcd-stand-in.ts";
import { missing, prefix } from "./prefix.ts";

const real = missing(["sbin/rpcd"]).length === 0;
const test = suite(real ? "rpcd" : "the stand-in for rpcd");
const ACL = "openwrt/luci-app-securebox/root/usr/share/rpcd/acl.d";
const GROUP = (JSON.parse(readFileSync(`${ACL}/luci-app-securebox.json`, "utf8")) as Record<string, Record<"read" | "write", { ubus: { securebox: string[] } }>>)["luci-app-securebox"]!;
const directory = mkdtempSync(join(tmpdir(), "rpcd-"));
const logins = [{ username: "reader", password: "r", read: ["*"], write: [] }, { username: "writer", password: "w", read: ["*"], write: ["luci-*"] }, { username: "stranger", password: "s", read: ["luci-access"], write: [] }];
const daemons = new Daemons(prefix ?? "");
let bus: TestBus, client: UbusClient;
const sessions: Record<string, string> = {};

test.before(async () => {
  mkdirSync(join(directory, "config"));
  writeFileSync(join(directory, "config/securebox"), readFileSync("openwrt/files/securebox.config"));
  bus = await startBus();
  client = bus.client();
  const options = { acl: ACL, config: join(directory, "config"), logins };
  if (real) daemons.rpcd(bus.path, directory, options);
  else await startRpcd(bus.client(), options);
  await until("rpcd", 20_000, async () => (await client.list("uci")).length > 0);
  for (const { username, password } of logins) sessions[username] = (await client.call("session", "login", { username, password }))["ubus_rpc_session"] as string;
});
test.after(async () => {
  await daemons.stop();
  await bus.stop();
  rmSync(directory, { recursive: true });
});

async function may(who: string, scope: string, object: string, name: string): Promise<unknown> {
  return (await client.call("session", "access", { ubus_rpc_session: sessions[who]!, scope, object, function: name }))["access"];
}

test("who may read may look, and change nothing; who may write may both; others neither", async () => {
  const { read, write } = GROUP;
  assert.ok(read.ubus.securebox.length >= 6 && write.ubus.securebox.length >= 7);
  for (const name of read.ubus.securebox) assert.equal([await may("reader", "ubus", "securebox", name), await may("writer", "ubus", "securebox", name), await may("stranger", "ubus", "securebox", name)], [true, true, false], name);
  for (const name of write.ubus.securebox) assert.equal([await may("reader", "ubus", "securebox", name), await may("writer", "ubus", "securebox", name), await may("stranger", "ubus", "securebox", name)], [false, true, false], name);
  assert.is(await may("writer", "ubus", "securebox", "nothing"), false);
  for (const [who, kinds] of [["reader", [true, false]], ["writer", [true, true]], ["stranger", [false, false]]] as const) {
    assert.equal([await may(who, "uci", "securebox", "read"), await may(who, "uci", "securebox", "write")], kinds, who);
    assert.equal([await may(who, "uci", "network", "read"), await may(who, "uci", "network", "write")], [false, false], who);
  }
});

test("uci get says what our reader reads", async () => {
  const { values } = await client.call("uci", "get", { config: "securebox", ubus_rpc_session: sessions["reader"]! });
  const told = Object.values(values as Record<string, Table>).map(({ ".type": type, ".name": _name, ".anonymous": _anonymous, ".index": _index, ...options }) => [type, options]);
  assert.equal(told, parseUci(readFileSync("openwrt/files/securebox.config", "utf8")).map(({ type, options }) => [type, Object.fromEntries(options)]));
});

test("uci set and apply: any text and any list are in the file as they were given", async () => {
  const session = sessions["writer"]!;
  const values = { state: "/it's \"this\" \\ and; that # there", prefix: ["10.0.0.0/24", "a 'b'", "ü"] };
  await client.call("uci", "set", { config: "securebox", section: "main", values: { state: values.state }, ubus_rpc_session: session });
  await client.call("uci", "set", { config: "securebox", section: "network", values: { prefix: values.prefix }, ubus_rpc_session: session });
  await client.call("uci", "apply", { ubus_rpc_session: session, rollback: false });
  const option = (section: string, name: string): unknown => parseUci(readFileSync(join(directory, "config/securebox"), "utf8")).find((each) => each.name === section)?.options.get(name);
  await until("the file", 20_000, () => option("main", "state") === values.state);
  assert.equal(option("network", "prefix"), values.prefix);
});

test("a reader sets nothing", async () => {
  const refused = await client.call("uci", "set", { config: "securebox", section: "main", values: { bridge: "x" }, ubus_rpc_session: sessions["reader"]! }).catch((error: { status: string }) => error.status);
  assert.is(refused, "permission-denied");
});

test.run();
