// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Reconnect } from "../../src/session/reconnect.ts";
import { scripts } from "./reconnect-scripts.ts";

/** Runs the commands of a script and writes down what the machine says to them. */
function play(script: string): string {
  let machine = new Reconnect();
  let now = 0;
  const lines: string[] = [];
  for (const line of script.trim().split("\n").filter((each) => !each.startsWith("  "))) {
    const [command, ...rest] = line.split(" ");
    let action: string | undefined;
    switch (command) {
      case "options": machine = new Reconnect(Object.fromEntries(rest.map((pair) => pair.split("=")).map(([key, value]) => [key, Number(value)]))); break;
      case "enable": machine.enable(now); break;
      case "disable": machine.disable(now); break;
      case "connecting": machine.connecting(now); break;
      case "connected": machine.connectedNow(now); break;
      case "lost": machine.disconnected(now); break;
      case "activity": machine.activity(now); break;
      case "at": action = machine.run((now = Number(rest[0]))); break;
      default: throw new Error(`unknown command: ${line}`);
    }
    lines.push(line);
    const deadline = machine.deadline();
    if (command !== "options") lines.push(`  ${action ? `do ${action}, ` : ""}${machine.state}${deadline === undefined ? "" : ` next ${deadline}`}`);
  }
  return lines.join("\n");
}

const reconnect = suite("reconnect");
for (const [name, script] of Object.entries(scripts)) reconnect(name, () => assert.fixture(play(script), script.trim()));
reconnect.run();
