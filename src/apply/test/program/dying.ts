// SPDX-License-Identifier: Apache-2.0
/*
 * A process that applies a transaction to real files and kills itself (SIGKILL) at the step that DIE_AT names: dying.ts DIRECTORY start|apply|fail|recover.
 * config/ is UCI, database.json stands in for OVSDB, switch.json for a switch that goes on when the gateway dies. Prints its outcome and how many steps it took.
 */
import { platform } from "quickjs-ts/platform";
import type { Files } from "quickjs-ts";
import { Applier, type Items, type Part, type State, type Value } from "../../index.ts";
import { recoverEarly } from "../../early.ts";
import { UciFiles } from "../../../openwrt/uci/files.ts";

const { files, processes, time, timers } = platform;
const [directory = "", what = ""] = processes.arguments;
const dieAt = Number(processes.environment("DIE_AT") ?? Infinity);
let steps = 0;

function step(): void {
  if (steps++ === dieAt) processes.kill(processes.pid, "SIGKILL");
}

const watched: Pick<Files, "status" | "readText" | "makeDirectory" | "replace"> = {
  status: (path) => files.status(path), readText: (path) => files.readText(path), makeDirectory: (path, mode) => files.makeDirectory(path, mode),
  replace: (path, data, options) => {
    step();
    files.replace(path, data, options);
    step();
  },
};

function load(path: string): Record<string, Value> {
  return files.status(path) ? JSON.parse(files.readText(path)) as Record<string, Value> : {};
}

const json = (name: string, volatile = false): Part => ({
  volatile,
  read: async (keys) => { const values = load(`${directory}/${name}`); return Object.fromEntries(keys.map((key) => [key, values[key] ?? null])); },
  put: async (items: Items) => watched.replace(`${directory}/${name}`, JSON.stringify({ ...load(`${directory}/${name}`), ...items })),
  sync: async () => step(),
});

const wanted: State = {
  flows: { policy: { network: "new" } }, ovsdb: { "port wlan0": { type: "system" } },
  uci: { "wireless.ap.isolate": "1", "wireless.sta": { ".type": "wifi-station", mac: ["02:00:00:00:00:11"] }, "network.lan.ports": ["eth0"] },
};

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const uci = new UciFiles(watched, `${directory}/config`) as Part;
const open = (): Applier => new Applier({
  files: watched as Files, directory: `${directory}/state`, log: quiet, clock: { time, timers }, limits: { deadline: what === "fail" ? 80 : 15_000, settle: 4, interval: 50 },
  parts: { flows: json("switch.json", true), ovsdb: json("database.json"), uci },
  probe: { look: async () => { step(); return { backend: what !== "fail" || !files.readText(`${directory}/config/wireless`).includes("isolate") }; } },
});

async function run(): Promise<void> {
  const applier = open();
  await applier.start();
  const outcome = what === "start" ? undefined : await applier.apply({ id: "new", wanted });
  applier.stop();
  processes.stdout(`${JSON.stringify({ outcome, steps })}\n`);
}

void (what === "recover" ? recoverEarly(watched as Files, `${directory}/state`, "uci", uci) : run());
