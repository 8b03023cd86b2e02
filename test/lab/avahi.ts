// SPDX-License-Identifier: Apache-2.0
// A real Avahi on a station: a D-Bus of its own, the daemon, and what programs do with it: publish, browse and resolve.
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AVAHI_READY, AVAHI_RUNTIME, avahiConfiguration, avahiScript, browseWords, busConfiguration, Listing } from "./avahi-text.ts";
import { onLines, run, type RunResult, until } from "./command.ts";
import type { Lab, Namespace } from "./namespace.ts";

const STARTED_WITHIN = 15_000;

export class Avahi {
  readonly #lab: Lab;
  readonly #namespace: Namespace;
  readonly #bus: string;

  private constructor(lab: Lab, namespace: Namespace, bus: string) {
    this.#lab = lab;
    this.#namespace = namespace;
    this.#bus = bus;
  }

  /** Starts the daemon as host NAME.local on one interface; resolves when it answers, with a cache that is empty. */
  static async start(lab: Lab, namespace: Namespace, name: string, interfaceName: string): Promise<Avahi> {
    const at = (file: string): string => join(lab.directory, `${namespace.name}-${file}`);
    const avahi = new Avahi(lab, namespace, at("dbus"));
    writeFileSync(at("dbus.conf"), busConfiguration(avahi.#bus));
    writeFileSync(at("avahi.conf"), avahiConfiguration(name, interfaceName));
    lab.spawn(namespace.inside(["dbus-daemon", "--nofork", "--nopidfile", `--config-file=${at("dbus.conf")}`]), { stdio: "ignore" });
    await until("D-Bus", STARTED_WITHIN, () => existsSync(avahi.#bus));
    mkdirSync(AVAHI_RUNTIME, { recursive: true });
    lab.spawn(namespace.inside(["sh", "-ec", avahiScript(at("avahi.conf"))]), { env: avahi.#environment, stdio: "ignore" });
    await until(`avahi of ${namespace.name}`, STARTED_WITHIN, async () => (await avahi.#run(AVAHI_READY)).code === 0, 100);
    return avahi;
  }

  /** Announces a service until the process ends: SIGTERM says goodbye. Resolves when its name is established. */
  async publish(name: string, type: string, port: number): Promise<ChildProcess> {
    const child = this.#spawn(["avahi-publish", "-s", name, type, String(port)], "stderr");
    let heard = "";
    onLines(child.stderr!, (line) => (heard += line));
    await until(`${name} established`, STARTED_WITHIN, () => heard.includes("Established"));
    return child;
  }

  /** Browses and resolves, and goes on listening until it is closed. */
  browse(type: string): Browser {
    return new Browser(this.#spawn(browseWords(type), "stdout"));
  }

  /** The address of a name such as printer.local; undefined: not found within avahi-resolve's five seconds. */
  async resolve(name: string, family: 4 | 6): Promise<string | undefined> {
    const { code, stdout, stderr } = await this.#run(["avahi-resolve", `-${family}`, "-n", name]);
    return code === 0 && !stderr.includes("Failed") ? stdout.trim().split(/\s+/)[1] : undefined;
  }

  get #environment(): Record<string, string> {
    return { ...process.env as Record<string, string>, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${this.#bus}`, LC_ALL: "C.UTF-8" };
  }

  #spawn(argv: string[], heard: "stdout" | "stderr"): ChildProcess {
    const pipe = (name: string): "pipe" | "ignore" => (name === heard ? "pipe" : "ignore");
    return this.#lab.spawn(this.#namespace.inside(argv), { env: this.#environment, stdio: ["ignore", pipe("stdout"), pipe("stderr")] });
  }

  #run(argv: string[]): Promise<RunResult> {
    return run(this.#namespace.inside(argv), { env: this.#environment });
  }
}

/** A browser window that stays open. */
export class Browser extends Listing {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    super();
    this.#child = child;
    onLines(child.stdout!, (line) => this.line(line));
  }

  close(): void {
    this.#child.kill();
  }
}
