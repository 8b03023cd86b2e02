// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { EventLog, type Level } from "../../log.ts";
import { EventForwarder } from "../events.ts";

const forwarding = suite("events for the backend");

function open(level: Level) {
  const written: string[] = [];
  const log = new EventLog({ ...platform, processes: { ...platform.processes, stderr: (line: string) => void written.push(line) } }, { level, format: "text" });
  const sent: string[] = [];
  const forwarder = new EventForwarder(log, {
    event: (eventLevel, event) => {
      sent.push(`${eventLevel} ${event}`);
      log.warn("backend: the outbox is full");
    },
  });
  return { log, forwarder, sent, written };
}

forwarding("what is at or above the level, whatever the log itself writes", () => {
  const { log, forwarder, sent, written } = open("warn");
  forwarder.forward("info");
  log.debug("a");
  log.info("b");
  log.error("c");
  assert.equal(sent, ["info b", "error c"]);
  assert.not.match(written.join(""), " info b");
  forwarder.forward("error");
  log.info("d");
  log.error("e");
  assert.equal(sent.slice(2), ["error e"]);
  forwarder.close();
  log.error("f");
  assert.is(sent.length, 3);
});

forwarding("what the link itself logs is no event, nor what handing one over logs: nothing feeds itself", () => {
  const { log, forwarder, sent, written } = open("info");
  forwarder.forward("debug");
  for (let flap = 0; flap < 100; flap++) forwarder.linkLog().warn("backend: connection lost", { reason: "cut" });
  assert.equal(sent, []);
  assert.match(written[0]!, "connection lost");
  log.info("device joined");
  assert.equal(sent, ["info device joined"]);
});

forwarding("an event that repeats is counted by the log, not sent each time", () => {
  const { log, forwarder, sent } = open("info");
  forwarder.forward("info");
  for (let count = 0; count < 1000; count++) log.warn("alarm: too many stations", { port: "wlan0" });
  assert.is(sent.length, 10);
});

forwarding("events are in the log's ring and numbers only when the log writes them", () => {
  const { log, forwarder } = open("warn");
  forwarder.forward("debug");
  log.debug("a");
  log.warn("b");
  assert.equal(log.since(0).map(({ sequence, event }) => `${sequence} ${event}`), ["1 backend: the outbox is full", "2 b", "3 backend: the outbox is full"]);
});

forwarding.run();
