// SPDX-License-Identifier: Apache-2.0
// A link between two namespaces that can be cut, silenced, delayed and made to lose frames: both ends lead to a third namespace, where the program
// built from wire.c carries frames across.
import type { ChildProcess } from "node:child_process";
import { must, onLines } from "./command.ts";
import { labProgram } from "./compile.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { type Cable, veth } from "./radio-model.ts";

export class Wire {
  readonly #namespace: Namespace;
  readonly #process: ChildProcess;
  /** Replies come in the order of the commands. */
  readonly #replies: ((error?: Error) => void)[] = [];
  #counted = 0;

  private constructor(namespace: Namespace, child: ChildProcess) {
    this.#namespace = namespace;
    this.#process = child;
    child.stdin!.on("error", () => {});
    onLines(child.stdout!, (line) => this.#line(line));
    child.on("exit", () => this.#replies.splice(0).forEach((reply) => reply(new Error("the wire's program ended"))));
  }

  /** `seed`: of the losses, so that a run can be repeated. */
  static async lay(lab: Lab, name: string, a: Cable, b: Cable, seed = 1): Promise<Wire> {
    const namespace = await lab.namespace(name);
    await namespace.script("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"); // a wire says nothing of its own
    await Promise.all([veth(a, { namespace, name: "left" }), veth(b, { namespace, name: "right" })]);
    return new Wire(namespace, lab.spawn(namespace.inside([await labProgram("wire"), "left", "right", String(seed)]), { stdio: ["pipe", "pipe", "inherit"] }));
  }

  /** Both ends see the carrier go (or come back). */
  async plug(inserted: boolean): Promise<void> {
    for (const end of ["left", "right"]) await must(["ip", "-n", this.#namespace.path, "link", "set", end, inserted ? "up" : "down"]);
  }

  /** From now on, in both directions. `{}`: perfect; `{ loss: 100 }`: silence that nobody is told of. */
  quality({ delay = 0, loss = 0 }: { delay?: number; loss?: number }): Promise<void> {
    return this.#command(`quality ${delay} ${loss}`);
  }

  /** Bytes that were to be carried since the last count, Ethernet headers included. */
  async count(): Promise<number> {
    await this.#command("count");
    return this.#counted;
  }

  #line(line: string): void {
    if (line.startsWith("count ")) this.#counted = Number(line.slice(6));
    else this.#replies.shift()?.(line === "done" ? undefined : new Error(`wire: ${line}`));
  }

  #command(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#replies.push((error) => (error ? reject(error) : resolve()));
      this.#process.stdin!.write(line + "\n");
    });
  }
}
