// SPDX-License-Identifier: Apache-2.0
// The real process with /etc/config/securebox: starts that are killed, a configuration that goes wrong, and what is said about it.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundle } from "../../tools/bundle.mjs";

const boot = suite("safe boot");
const root = process.cwd();
const program = join(root, "build/test/securebox-boot.mjs");
const base = mkdtempSync(join(tmpdir(), "securebox-boot-"));
const path = join(base, "config/securebox");
const GOOD = `config securebox 'main'\n\toption ovsdb '${base}/no.sock'\n\toption state '${base}/state'\n\toption policy '${base}/policy.yaml'\n\toption socket '${base}/control.sock'\nconfig port\n\toption device 'wlan0'\n\toption role 'bss'\nconfig network\n\tlist prefix '10.0.0.0/24'\n`;

boot.before(async () => {
  mkdirSync(join(base, "config"), { recursive: true });
  writeFileSync(path, GOOD);
  await bundle("src/gateway/main.ts", program, "node", { sourcemap: "inline" });
});
boot.after(() => rmSync(base, { recursive: true, force: true }));

class Process {
  log = "";
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;

  constructor() {
    this.child = spawn(process.execPath, [program, "gateway", "--config", path], { stdio: ["ignore", "pipe", "pipe"] });
    // For procd: information on standard output, what is wrong on standard error.
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.setEncoding("utf8").on("data", (text: string) => { this.log += text; });
    this.ended = new Promise((resolve) => this.child.on("exit", (code, signal) => resolve({ code, signal })));
  }
  async said(what: RegExp): Promise<void> {
    for (const end = Date.now() + 30_000; !what.test(this.log); await new Promise((resolve) => setTimeout(resolve, 10))) assert.ok(Date.now() < end && this.child.exitCode === null, `never said ${what}:\n${this.log}`);
  }
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill(signal);
    return this.ended;
  }
}

const status = (): { problems: string[] } => JSON.parse(spawnSync(process.execPath, [program, "status", "--json", "--socket", `${base}/control.sock`], { encoding: "utf8", timeout: 30_000 }).stdout) as { problems: string[] };

boot("after three starts that were killed the next one says that it is a safe boot, in log and status; an orderly stop is no failure", async () => {
  const orderly = new Process();
  await orderly.said(/gateway starts/);
  status(); // when it answers, it minds signals
  assert.is((await orderly.end("SIGTERM")).code, 0);
  for (let count = 0; count < 3; count++) {
    const killed = new Process();
    await killed.said(/gateway starts/);
    if (count === 2) assert.not.match(status().problems.join("\n"), /safe boot/);
    await killed.end("SIGKILL");
    assert.not.match(killed.log, /safe boot/);
  }
  const safe = new Process();
  await safe.said(/"?safe boot: the last confirmed state comes back"? failedStarts=3/);
  await safe.said(/gateway starts/);
  assert.match(status().problems.join("\n"), /safe boot: 3 starts failed, so the last confirmed state was restored/);
  assert.is(readFileSync(`${base}/state/apply/starts`, "utf8"), "3\n");
  await safe.end("SIGTERM");
});

boot("a configuration that goes wrong while it runs: told with section and option, and nothing changes; a start takes the last right one", async () => {
  const running = new Process();
  await running.said(/gateway starts/);
  status();
  writeFileSync(path, `${GOOD}config limits\n\toption devices 'many'\n\toption held 'x'\n`);
  running.child.kill("SIGHUP");
  await running.said(/configuration wrong; the former one stays in force.*securebox\.@limits\[0\]\.devices: expected a whole number from 1 to 65534, found .{0,2}"many/);
  await running.said(/securebox\.@limits\[0\]\.held: unknown option; expected one of held_per_device/);
  assert.is(status().problems.length > 0, true, "it still answers");
  await running.end("SIGTERM");
  const again = new Process();
  await again.said(/configuration wrong; the last right one is in force.*securebox\.@limits\[0\]\.devices: expected a whole number/);
  await again.said(/gateway starts/);
  assert.match(status().problems.join("\n"), /the configuration is wrong, and the last right one is in force/);
  await again.end("SIGTERM");
  writeFileSync(path, GOOD);
});

boot.run();
