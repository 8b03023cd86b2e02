// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LinkMachine, type LinkEffect, type LinkInput } from "../session/machine.ts";
import { scripts } from "./machine-scripts.ts";

function show(effect: LinkEffect): string {
  if (effect.do === "connect") return `connect(${effect.timeout})`;
  return effect.do === "lost" ? `lost(${effect.reason}, ${effect.retryIn})${effect.welcomed ? " welcomed" : ""}` : effect.do;
}

function inputOf(type: string, argument: string): LinkInput {
  if (type === "published" || type === "acknowledged") return { type, packet: Number(argument) };
  return (type === "closed" || type === "refused" ? { type, reason: argument } : { type }) as LinkInput;
}

/** Plays the inputs and writes down what the machine answers. */
function play(script: string): string {
  const machine = new LinkMachine();
  let random = 1;
  const lines: string[] = [];
  for (const line of script.trim().split("\n").filter((each) => !each.startsWith("  "))) {
    lines.push(line);
    const [time = "", type = "", ...rest] = line.split(" ");
    if (time === "random") {
      random = Number(type);
      continue;
    }
    const effects = machine.input(inputOf(type, rest.join(" ")), Number(time), random);
    const deadline = machine.deadline();
    lines.push(`  ${[...effects.map(show), "->", machine.state].join(" ")}${deadline === undefined ? "" : ` until ${deadline}`}`);
  }
  return lines.join("\n");
}

const machine = suite("link machine");
for (const [name, script] of Object.entries(scripts)) machine(name, () => assert.fixture(play(script), script.trim()));

/** A peer that lets us in, welcomes us, and hangs up a second later. */
function flap(link: LinkMachine, now: number, upFor: number): { retryIn: number; takenOver: boolean } {
  link.input({ type: "time" }, now, 1);
  for (const type of ["connected", "subscribed", "welcomed"] as const) link.input({ type }, now + 10, 1);
  const effects = link.input({ type: "closed", reason: "closed" }, now + 10 + upFor, 1);
  const lost = effects.find((effect) => effect.do === "lost");
  assert.ok(lost?.do === "lost");
  return { retryIn: lost.retryIn, takenOver: effects.some((effect) => effect.do === "taken-over") };
}

machine("a link that flaps each second is tried again within 3 s, always, as long as some tries fail", () => {
  const link = new LinkMachine();
  link.input({ type: "start" }, 0, 1);
  let now = 0;
  for (let round = 0; round < 30; round++) {
    const { retryIn, takenOver } = flap(link, now, 500);
    assert.ok(retryIn <= 3000 && !takenOver, `round ${round}: ${retryIn} ms`);
    now += 510 + retryIn;
    link.input({ type: "time" }, now, 1);
    const [lost] = link.input({ type: "closed", reason: "ECONNREFUSED" }, now, 1);
    assert.ok(lost?.do === "lost" && lost.retryIn <= 3000);
    now += 3000;
  }
});

machine("welcomed connections that the peer closes at once, for a minute and a half, look like a second gateway; for a minute they do not", () => {
  const link = new LinkMachine();
  link.input({ type: "start" }, 0, 1);
  let now = 0;
  const suspected: number[] = [];
  while (now < 120_000) {
    const { retryIn, takenOver } = flap(link, now, 1000);
    if (takenOver) {
      suspected.push(now);
      assert.is(retryIn, 60_000);
    } else assert.ok(retryIn <= 3000);
    now += 1010 + retryIn;
  }
  assert.ok(suspected.length === 1 && suspected[0]! >= 90_000, String(suspected));
});

machine("a connection that lasted starts the back-off over; one that did not keeps its place", () => {
  const link = new LinkMachine();
  link.input({ type: "start" }, 0, 1);
  assert.is(flap(link, 0, 100).retryIn, 500);
  assert.is(flap(link, 1000, 100).retryIn, 1000);
  assert.is(flap(link, 3000, 20_000).retryIn, 500);
});

machine.run();
