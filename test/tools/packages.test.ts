// SPDX-License-Identifier: Apache-2.0
// The packages as others get them: packed by npm, unpacked into a project that knows nothing of this repository.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildRunner } from "../../tools/compile/runtime.ts";

const root = process.cwd();
const test = suite("packages");
let project = "";

function must(command: string, args: string[], cwd = project): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 60_000 });
  assert.is(status, 0, `${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

test.before(() => {
  project = mkdtempSync(join(tmpdir(), "securebox-packages-"));
  must("npm", ["pack", "--workspaces", "--silent", "--pack-destination", project], root);
  for (const file of readdirSync(project).filter((name) => name.endsWith(".tgz"))) {
    const name = file.startsWith("securebox-") ? "@securebox/contract" : file.replace(/-\d.*$/, "");
    const folder = join(project, "node_modules", name);
    mkdirSync(folder, { recursive: true });
    must("tar", ["-xzf", file, "--strip-components=1", "-C", folder]);
  }
  for (const dependency of ["yaml", "@types"]) symlinkSync(join(root, "node_modules", dependency), join(project, "node_modules", dependency));
  writeFileSync(join(project, "package.json"), '{"type":"module"}');
  writeFileSync(join(project, "use.ts"), program);
});
test.after(() => rmSync(project, { recursive: true, force: true }));

const program = `
import { parsePolicy } from "@securebox/contract";
import schema from "@securebox/contract/schema/policy-1.json" with { type: "json" };
import { openflow } from "node-openvswitch";
import { decode, encodeFlowMod, type Flow } from "node-openvswitch/openflow";
import { parseFlow } from "node-openvswitch/openflow/text";
import { OvsdbClient, type MonitorHandle } from "node-openvswitch/ovsdb";
import { PlatformError, type Platform } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { FakePlatform } from "quickjs-ts/fake";
import { decodeTable, encodeTable, type Table } from "ubus-ts/codec";
import { method, StatusError, UbusClient, type PublishedObject } from "ubus-ts";
const flow: Flow = parseFlow("table=1,priority=5,tcp,tp_dst=80,actions=drop").flow;
const { message } = decode(encodeFlowMod("add", flow, { version: 4, xid: 1 }));
const result = parsePolicy("network: home\\nrules: []\\n");
const engine: Platform["engine"] = platform.engine;
const client = new OvsdbClient(platform, { remotes: [{ unix: "/nonexistent/db.sock" }] });
const monitored: Promise<MonitorHandle> = client.monitor({ Bridge: { columns: ["name"] } });
monitored.catch((error: Error) => console.log(error.name));
setTimeout(() => client.close(), 50);
const bus = new UbusClient(platform, { path: "/nonexistent/ubus.sock" });
const published: Promise<PublishedObject> = bus.publish("x", { m: method({ n: "int32" }, ({ n }) => ({ n: n + 1 })) });
published.catch((error: Error) => console.log(error.name));
setTimeout(() => bus.close(), 50);
const table: Table = decodeTable(encodeTable({ n: 1 }));
console.log(JSON.stringify([message.type, result.ok, engine, schema.type, typeof openflow.decode, typeof FakePlatform, typeof PlatformError, table.n, typeof StatusError]));
`;

const expected = (engine: string) => JSON.stringify(["flow-mod", true, engine, "object", "function", "function", "function", 1, "function"]);

test("every entry point runs on Node.js", () => {
  must(join(root, "node_modules/.bin/esbuild"), ["use.ts", "--outfile=use.js"]); // strips the types and bundles nothing
  const lines = must(process.execPath, ["use.js"]).trim().split("\n");
  assert.equal(lines, [expected("node"), "DisconnectedError", "DisconnectedError"]);
});

test("every entry point runs on QuickJS, bundled with the condition quickjs", async () => {
  must(join(root, "node_modules/.bin/esbuild"), ["use.ts", "--outfile=bundle.js", "--bundle", "--format=esm", "--platform=neutral", "--main-fields=module,main", "--conditions=quickjs,import",
    "--external:securebox:*", `--alias:yaml=${root}/node_modules/yaml/browser/index.js`]);
  const lines = must(await buildRunner(root), ["bundle.js"]).trim().split("\n");
  assert.equal(lines, [expected("quickjs"), "DisconnectedError", "DisconnectedError"]);
});

for (const resolution of ["nodenext", "bundler"])
  test(`the declarations are complete for a strict project, module resolution ${resolution}`, () => {
    const module = resolution === "nodenext" ? "nodenext" : "esnext";
    must(join(root, "node_modules/.bin/tsc"), ["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2023", "--lib", "es2023", "--types", "node",
      "--module", module, "--moduleResolution", resolution, "--resolveJsonModule", "use.ts"]);
  });

test.run();
