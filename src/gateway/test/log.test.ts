// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Platform } from "quickjs-ts";
import { EventLog, type LogOptions } from "../log.ts";

const log = suite("log");

/** 2026-11-23T04:00:00Z */
const DATE = 1_795_406_400_000;

function open(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const clock = { now: 0 };
  const platform = {
    processes: { stderr: (text: string) => void lines.push(text) },
    time: { now: () => clock.now, date: () => DATE + clock.now },
  } as unknown as Pick<Platform, "processes" | "time">;
  return { log: new EventLog(platform, { level: "info", format: "text", ...options }), lines, clock };
}

log("one line per event, readable by people", () => {
  const { log, lines } = open();
  log.info("switch ready", { version: "1.4", flows: 120, took: "12ms", error: undefined });
  assert.equal(lines, ["2026-11-23T04:00:00Z info switch ready version=1.4 flows=120 took=12ms\n"]);
});

log("a value from the network cannot forge a line", () => {
  const { log, lines } = open();
  log.warn("device new", { name: 'x\n2026 info "policy in force"' });
  assert.equal(lines, ['2026-11-23T04:00:00Z warn device new name="x\\n2026 info \\"policy in force\\""\n']);
});

log("json", () => {
  const { log, lines } = open({ format: "json" });
  log.error("state not saved", { reason: "ENOSPC" });
  assert.equal(JSON.parse(lines[0]!), { time: "2026-11-23T04:00:00.000Z", level: "error", event: "state not saved", reason: "ENOSPC" });
});

log("for logd: no time, two streams, and the level where the stream does not tell it", () => {
  const said: string[] = [];
  const platform = {
    processes: { stdout: (text: string) => void said.push(`out ${text}`), stderr: (text: string) => void said.push(`err ${text}`) },
    time: { now: () => 0, date: () => DATE },
  } as unknown as Pick<Platform, "processes" | "time">;
  const log = new EventLog(platform, { level: "debug", format: "logd" });
  log.debug("frame", { port: 1 });
  log.info("switch ready");
  log.warn("device moved", { mac: "02:00:00:00:00:11" });
  log.error("state not saved", { reason: "no room" });
  assert.equal(said, ["out debug: frame port=1\n", "out switch ready\n", "err warn: device moved mac=02:00:00:00:00:11\n", 'err state not saved reason="no room"\n']);
});

log("levels below the chosen one are left out", () => {
  const { log, lines } = open({ level: "warn" });
  log.info("a");
  log.debug("b");
  log.warn("c");
  assert.is(lines.length, 1);
});

log("repeats are counted instead of written, and told with the next line", () => {
  const { log, lines, clock } = open();
  for (let count = 0; count < 25; count++) log.warn("spoofed", { mac: "02:00:00:00:00:66" });
  log.info("something else");
  assert.is(lines.length, 11);
  clock.now = 10_001;
  log.warn("spoofed");
  assert.match(lines[11]!, /warn spoofed repeated=15\n$/);
});

log("the newest events are kept, and followers get what comes", () => {
  const { log } = open({ kept: 2 });
  const followed: string[] = [];
  log.info("one");
  const stop = log.follow((event) => followed.push(event.event));
  log.info("two");
  log.info("three");
  stop();
  log.info("four");
  assert.equal(log.since(0).map((event) => event.event), ["three", "four"]);
  assert.equal(log.since(3).map((event) => event.sequence), [4]);
  assert.equal(followed, ["two", "three"]);
});

log.run();
