// SPDX-License-Identifier: Apache-2.0
// Which options a running gateway takes over, and for which it begins anew.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../config/parse.ts";
import type { GatewayConfig } from "../config/config.ts";
import type { Gateway } from "../gateway.ts";
import { takeOver } from "../reload.ts";

const reload = suite("reload");
const CONFIG = "ports: { wlan0: bss }\nnetwork: { prefixes: [10.0.0.0/24] }\n";
const config = (more = "", base = CONFIG): GatewayConfig => parseConfig(base + more).config!;

/** What was done to it, in order. */
function running(openwrt = false): { gateway: Gateway; done: unknown[][] } {
  const done: unknown[][] = [];
  const gateway = {
    config: config(), log: { configure: ({ level }: { level: string }) => done.push(["log", level]) },
    policies: { setPath: (path: string) => done.push(["policy", path]) },
    setSite: async ({ ports }: GatewayConfig) => { done.push(["site", ports]); return true; },
    changes: openwrt ? { want: ({ ports }: GatewayConfig) => done.push(["want", ports]) } : undefined,
  };
  return { gateway: gateway as unknown as Gateway, done };
}

reload("nothing changed, and what can change while it runs", () => {
  const { gateway, done } = running();
  assert.equal(takeOver(gateway, config()), []);
  assert.equal(takeOver(gateway, config("policy: /p.yaml\nlog: { level: debug }\ndatapath: netdev\n")), []);
  assert.equal(done, [["log", "info"], ["policy", "/etc/securebox/policy.yaml"], ["log", "debug"], ["policy", "/p.yaml"]]);
  assert.equal([gateway.config.datapath, gateway.config.log.level, gateway.config.policy], ["netdev", "debug", "/p.yaml"]);
});

reload("ports and network: at once; on OpenWrt as a transaction, asked for each time", () => {
  const ports = "ports: { wlan0: bss, lan1: wired }\nnetwork: { prefixes: [10.0.0.0/24] }\n";
  const plain = running();
  takeOver(plain.gateway, config("", ports));
  assert.equal(plain.done.slice(2), [["site", { wlan0: "bss", lan1: "wired" }]]);
  const openwrt = running(true);
  takeOver(openwrt.gateway, config());
  takeOver(openwrt.gateway, config("", ports));
  assert.equal(openwrt.done.filter(([what]) => what === "want" || what === "site"), [["want", { wlan0: "bss" }], ["want", { wlan0: "bss", lan1: "wired" }]]);
});

for (const [name, text] of [["bridge", "bridge: br7\nopenflow: /o.mgmt\n"], ["ovsdb", "ovsdb: /x.sock\n"], ["state", "state: /s\n"], ["socket", "socket: /c.sock\n"], ["stations", "stations: /st.sock\n"], ["limits", "limits: { devices: 9 }\n"], ["backend", "backend: { enabled: false }\n"]] as const) {
  reload(`${name}: begins anew, and nothing else is taken over before`, () => {
    const { gateway, done } = running();
    assert.ok(takeOver(gateway, config(`${text}log: { level: debug }\n`)).includes(name));
    assert.equal([done, gateway.config.log.level], [[], "info"]);
  });
}

reload.run();
