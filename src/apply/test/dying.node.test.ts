// SPDX-License-Identifier: Apache-2.0
// The process is killed for good, with SIGKILL, at every step of a transaction on real files; the next one finds the old or the new state.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundle } from "../../../tools/bundle.mjs";
import { buildRunner } from "../../../tools/compile/runtime.ts";

const dying = suite("dying process (QuickJS)");
const root = process.cwd();
const program = `${root}/build/test/dying.mjs`;
const base = mkdtempSync(join(tmpdir(), "securebox-dying-"));
let runtime = "";

const WIRELESS = "\nconfig wifi-iface 'ap'\n\toption ssid 'home'\n\n";
const NETWORK = "\nconfig interface 'lan'\n\tlist ports 'eth0'\n\tlist ports 'wlan0'\n\n";

dying.before(async () => {
  runtime = await buildRunner(root);
  await bundle("src/apply/test/program/dying.ts", program, "quickjs");
  mkdirSync(`${base}/fresh/config`, { recursive: true });
  writeFileSync(`${base}/fresh/config/wireless`, WIRELESS);
  writeFileSync(`${base}/fresh/config/network`, NETWORK);
});
dying.after(() => rmSync(base, { recursive: true, force: true }));

function fresh(name: string): string {
  rmSync(`${base}/${name}`, { recursive: true, force: true });
  cpSync(`${base}/fresh`, `${base}/${name}`, { recursive: true });
  return `${base}/${name}`;
}

function run(directory: string, what: "start" | "apply" | "fail" | "recover", dieAt?: number) {
  const { status, signal, stdout, stderr } = spawnSync(runtime, [program, directory, what], { encoding: "utf8", timeout: 20_000, env: dieAt === undefined ? {} : { DIE_AT: String(dieAt) } });
  assert.is(stderr, "");
  return { status, signal, said: stdout === "" ? undefined : JSON.parse(stdout) as { outcome?: { result: string }; steps: number } };
}

const read = (path: string): string => readFileSync(path, "utf8");
const value = (path: string, key: string): unknown => { try { return (JSON.parse(read(path)) as Record<string, unknown>)[key] ?? null; } catch { return null; } };

function uciSide(directory: string): string {
  const [wireless, network] = [read(`${directory}/config/wireless`), read(`${directory}/config/network`)];
  if (wireless === WIRELESS && network === NETWORK) return "old";
  return wireless.includes("isolate '1'") && wireless.includes("config wifi-station 'sta'") && !network.includes("wlan0") ? "new" : "between";
}

/** "old" or "new", when everything is. */
function side(directory: string, where: string): string {
  const seen = {
    wireless: read(`${directory}/config/wireless`) === WIRELESS ? "old" : read(`${directory}/config/wireless`).includes("isolate '1'") && read(`${directory}/config/wireless`).includes("config wifi-station 'sta'") ? "new" : "between",
    network: read(`${directory}/config/network`) === NETWORK ? "old" : read(`${directory}/config/network`).includes("wlan0") ? "between" : "new",
    ovsdb: value(`${directory}/database.json`, "port wlan0") === null ? "old" : "new", flows: value(`${directory}/switch.json`, "policy") === null ? "old" : "new",
    marker: value(`${directory}/state/journal.json`, "marker") === null ? "gone" : "there",
  };
  const sides = new Set([seen.wireless, seen.network, seen.ovsdb, seen.flows]);
  assert.ok(sides.size === 1 && !sides.has("between") && seen.marker === "gone", `${where}: ${JSON.stringify(seen)}`);
  return seen.wireless;
}

for (const [what, result] of [["apply", "confirmed"], ["fail", "rolled back"]] as const) {
  dying(`${result}: killed at every step`, () => {
    const { said, status } = run(fresh("whole"), what);
    assert.equal([status, said?.outcome?.result], [0, result]);
    assert.is(side(`${base}/whole`, "nobody died"), result === "confirmed" ? "new" : "old");
    const ends = new Set<string>();
    for (let step = 0, over = false; !over; step++) {
      const directory = fresh("dying");
      over = run(directory, what, step).signal !== "SIGKILL";
      // Before netifd, and killed there, too, now and then: its packages are of one kind already.
      if (step % 3 === 0) {
        run(directory, "recover", step % 2);
        assert.is(run(directory, "recover").status, 0);
        assert.is.not(uciSide(directory), "between", `recovered after ${step}`);
      }
      assert.is(run(directory, "start").status, 0);
      ends.add(side(directory, `killed at ${step}`));
      if (over) assert.ok(step > 10 && Math.abs(step - said!.steps) < 20, `${step} steps`); // how often it looks depends on the time
    }
    assert.equal([...ends].sort(), result === "confirmed" ? ["new", "old"] : ["old"]);
  });
}

dying("killed again at every step of the recovery", () => {
  const { steps } = run(fresh("whole"), "apply").said!;
  for (let second = 0, over = false; !over; second++) {
    const directory = fresh("dying");
    run(directory, "apply", Math.round(steps / 2));
    over = run(directory, "start", second).signal !== "SIGKILL";
    assert.is(run(directory, "start").status, 0);
    assert.is(side(directory, `killed at ${second} of the recovery`), "old");
    if (over) assert.ok(second > 8, `${second} steps`);
  }
});

dying("killed from outside at any moment, 40 times", async () => {
  let killed = 0;
  for (let count = 0; count < 40; count++) {
    const directory = fresh("dying");
    const child = spawn(runtime, [program, directory, "apply"], { stdio: "ignore" });
    const ended = new Promise<string | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    await new Promise((resolve) => setTimeout(resolve, count / 2));
    child.kill("SIGKILL");
    if ((await ended) === "SIGKILL") killed++;
    assert.is(run(directory, "start").status, 0);
    side(directory, `after ${count / 2} ms`);
  }
  assert.ok(killed > 5, `${killed} were still running`);
});

dying.run();
