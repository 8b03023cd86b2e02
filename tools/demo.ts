// SPDX-License-Identifier: Apache-2.0
/*
 * npm run demo                    a network under Securebox, live, until Ctrl-C
 * npm run demo -- --check         the acceptance scenario once; exit status 0 when no check failed
 *   --standalone                  without a backend: the gateway watches a policy file
 *   --ovs 3.1|2.15                Open vSwitch version; default 3.1
 *   --engine quickjs|node         what the gateway runs on; default quickjs
 *   --only TEXT                   with --check: only checks whose name contains the text
 *   --keep                        with --check: keep the network up afterwards, until Ctrl-C
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Lab } from "../test/lab/namespace.ts";
import type { Engine } from "../test/lab/gateway.ts";
import type { Management } from "../test/lab/scenario/index.ts";
import { closeOnSignals } from "../test/lab/signals.ts";
import { demoLive } from "./demo/live.ts";
import { demoCheck } from "./demo/check.ts";
import { missingPackages } from "./setup/packages.ts";
import { setup } from "./setup/index.ts";
import type { OvsVersion } from "./setup/openvswitch.ts";

export interface DemoOptions {
  ovs: OvsVersion;
  engine: Engine;
  keep: boolean;
  only: string;
  management: Management;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: {
    check: { type: "boolean", default: false }, standalone: { type: "boolean", default: false }, keep: { type: "boolean", default: false }, help: { type: "boolean", default: false },
    ovs: { type: "string", default: "3.1" }, engine: { type: "string", default: "quickjs" }, only: { type: "string", default: "" },
  } });
  if (values.help) return usage(), 0;
  if (!["3.1", "2.15"].includes(values.ovs) || !["quickjs", "node"].includes(values.engine)) return usage(), 2;
  if (process.getuid?.() !== 0) return needsRoot();
  await setup(values.engine === "node" ? { parts: ["packages", "openvswitch", "lab"] } : {});
  const options = { ovs: values.ovs as OvsVersion, engine: values.engine as Engine, keep: values.keep, only: values.only, management: values.standalone ? "standalone" as const : "backend" as const };
  return values.check ? demoCheck(options) : demoLive(options);
}

function usage(): void {
  const source = readFileSync("tools/demo.ts", "utf8");
  process.stdout.write(source.slice(source.indexOf("/*") + 3, source.indexOf("*/")).replace(/^ \* /gm, ""));
}

async function needsRoot(): Promise<number> {
  const missing = await missingPackages();
  process.stderr.write("The demo makes network namespaces and virtual interfaces, which only root may do: sudo npm run demo\n");
  process.stderr.write(missing.length ? `As root it will also install these Debian packages: ${missing.join(" ")}\n` : "Nothing needs to be installed.\n");
  return 1;
}

const ending = closeOnSignals();
main().then((status) => !ending() && process.exit(status), async (error: Error) => {
  if (ending()) return; // what was under way broke off
  process.stderr.write(`${process.env["DEBUG"] ? error.stack : error.message}\n`);
  await Lab.closeAll();
  process.exit(1);
});
