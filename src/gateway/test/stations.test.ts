// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Listener, Stream } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { encodeLine, LineReader } from "../lines.ts";
import { decodeStationEvent, JsonLinesStations, type StationEvent } from "../stations.ts";
import { quiet } from "./machine.ts";

const stations = suite("station events");
const path = `/tmp/securebox-stations-test-${platform.processes.pid}.sock`;
const STATION = { address: "02:00:00:00:00:11", key: "alice" };

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = platform.time.now() + 2000;
  while (!holds()) {
    if (platform.time.now() > deadline) throw new Error(`not within 2 s: ${what}`);
    await new Promise<void>((resolve) => void platform.timers.after(2, resolve));
  }
}

/** The radio's side: one snapshot on every connection; collects requests. */
class Radio {
  readonly requests: unknown[] = [];
  #stream: Stream | undefined;
  readonly #listener: Listener;

  constructor() {
    this.#listener = platform.net.listen({ unix: path }, (stream) => {
      this.#stream = stream;
      const reader = new LineReader(1000);
      this.send({ event: "stations", bss: "wlan0", stations: [STATION] });
      return {
        data: (chunk) => void this.requests.push(...reader.push(chunk).map((line) => JSON.parse(line) as unknown)),
        end: () => stream.destroy(),
        close() {},
      };
    });
  }

  send(event: unknown): void { this.#stream?.write(encodeLine(event)); }
  hangUp(): void { this.#stream?.destroy(); }
  close(): void { this.hangUp(); this.#listener.close(); }
}

function listening(): { source: JsonLinesStations; events: StationEvent[]; lost: () => number } {
  const source = new JsonLinesStations(platform, path, quiet);
  const events: StationEvent[] = [];
  let losses = 0;
  source.start((event) => events.push(event), () => losses++);
  return { source, events, lost: () => losses };
}

stations("snapshot first, then events; requests go the other way", async () => {
  const radio = new Radio();
  const { source, events } = listening();
  await until("snapshot", () => events.length === 1);
  radio.send({ event: "associated", bss: "wlan0", address: "02:00:00:00:00:12" });
  radio.send({ event: "disassociated", bss: "wlan0", address: "02:00:00:00:00:12" });
  await until("events", () => events.length === 3);
  assert.equal(events, [
    { event: "stations", bss: "wlan0", stations: [STATION] },
    { event: "associated", bss: "wlan0", address: "02:00:00:00:00:12" },
    { event: "disassociated", bss: "wlan0", address: "02:00:00:00:00:12" },
  ]);
  source.deauthenticate("wlan0", "02:00:00:00:00:11", 1);
  await until("request", () => radio.requests.length === 1);
  assert.equal(radio.requests, [{ request: "deauthenticate", bss: "wlan0", address: "02:00:00:00:00:11", reason: 1 }]);
  source.close();
  radio.close();
});

stations("a lost connection is told and made again, and the snapshot comes again", async () => {
  const radio = new Radio();
  const { source, events, lost } = listening();
  await until("snapshot", () => events.length === 1);
  radio.hangUp();
  await until("second snapshot", () => events.length === 2);
  assert.is(lost(), 1);
  assert.ok(source.connected);
  source.close();
  radio.close();
});

stations("a source that is not there yet is waited for", async () => {
  const { source, events, lost } = listening();
  await new Promise<void>((resolve) => void platform.timers.after(20, resolve));
  const radio = new Radio();
  await until("snapshot", () => events.length === 1);
  assert.is(lost(), 0);
  source.close();
  radio.close();
});

stations("a line that is no event ends the connection instead of being guessed at", async () => {
  const radio = new Radio();
  const { source, events, lost } = listening();
  await until("snapshot", () => events.length === 1);
  radio.send({ event: "associated", bss: "wlan0", address: "nonsense" });
  await until("again", () => lost() === 1 && events.length === 2);
  source.close();
  radio.close();
});

stations("decode names the field that is wrong", () => {
  const wrong: [string, RegExp][] = [
    ["{}", /bss/], ['{"bss":"w","event":"x"}', /unknown event "x"/], ['{"bss":"w","event":"stations"}', /stations: expected a list/],
    ['{"bss":"w","event":"associated"}', /address/], ['{"bss":"w","event":"associated","address":"02:00:00:00:00:11","key":7}', /key/],
    ['{"bss":"w","event":"stations","stations":[null]}', /address/],
  ];
  for (const [line, message] of wrong) assert.throws(() => decodeStationEvent(line), message);
  assert.equal(decodeStationEvent('{"bss":"w","event":"associated","address":"02:00:00:00:00:AB","key":null}'), { event: "associated", bss: "w", address: "02:00:00:00:00:ab" });
});

stations.run();
