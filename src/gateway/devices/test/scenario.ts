// SPDX-License-Identifier: Apache-2.0
// Runs a device table by lines of text: `SECONDS  INPUT  => OUTCOME`. Devices are letters: A is 02:00:00:00:00:0a. Inputs:
//   frame PORT A · claim PORT A IP · lease A IP SECONDS · assoc PORT A [KEY] · gone PORT A · list PORT A[/KEY]... · lost ·
//   count A PACKETS · tick · forget A · devices (prints them)
// Outcome: what becomes of the frame (only for frame, claim, lease), then the events in short, then who is deauthenticated, then who is asked at its place ("ask PORT A"); "-": nothing.
import * as assert from "uvu/assert";
import type { Topology } from "../../../wifi-isolation/network.ts";
import { DeviceTable, type DeviceEvent, type DeviceLimits, type DeviceOutcome } from "../index.ts";

export const TOPOLOGY: Topology = {
  ports: [{ name: "wlan0", number: 1, role: "bss" }, { name: "wlan1", number: 2, role: "bss" }, { name: "lan1", number: 3, role: "wired" }, { name: "wan", number: 4, role: "uplink" }],
  prefixes: ["10.0.0.0/24", "2001:db8::/64"], gateways: ["10.0.0.1", "fe80::1"], gatewayMacs: ["02:00:00:00:00:01"], resolvers: ["10.0.0.1", "10.0.0.53"],
};

export function macOf(name: string): string {
  return name === "R" ? "02:00:00:00:00:01" : `02:00:00:00:00:${name.toLowerCase().padStart(2, "0")}`;
}

function nameOf(mac: string): string {
  return mac === macOf("R") ? "R" : mac.slice(15).replace(/^0/, "").toUpperCase();
}

export function short(event: DeviceEvent): string {
  switch (event.type) {
    case "device-joined": return `joined ${nameOf(event.mac)}`;
    case "device-moved": return `moved ${nameOf(event.mac)} ${event.from}>${event.to}`;
    case "device-left": return `left ${nameOf(event.mac)} ${event.reason}`;
    case "device-blocked": return `blocked ${nameOf(event.mac)}`;
    case "device-unblocked": return `unblocked ${nameOf(event.mac)}`;
    case "address-bound": return `bound ${nameOf(event.mac)} ${event.address} ${event.by}`;
    case "address-unbound": return `unbound ${nameOf(event.mac)} ${event.address} ${event.reason}`;
    case "mac-at-two-places": return `TWO-PLACES ${nameOf(event.mac)} ${event.port} ${event.other}`;
    case "identity-mismatch": return `IDENTITY ${nameOf(event.mac)} ${event.port} ${event.offered ?? "none"} for ${event.expected}`;
    case "gateway-impersonated": return `GATEWAY ${nameOf(event.mac)} ${event.port} ${event.what.replace(macOf("R"), "R")}`;
    case "address-conflict": return `CONFLICT ${nameOf(event.mac)} ${event.address} of ${nameOf(event.holder)}`;
    case "address-refused": return `REFUSED ${nameOf(event.mac)} ${event.address}`;
    case "too-many-addresses": return `TOO-MANY ${nameOf(event.mac)} ${event.address}`;
    case "too-many-stations": return `FLOOD ${event.port}`;
  }
}

export class Scenario {
  readonly table: DeviceTable;
  /** What the model of the compiler would hold: every outcome applied, its uniqueness rules checked. */
  readonly model = new Map<number, { mac: string; addresses: string[] }>();
  now = 0;

  constructor(limits: Partial<DeviceLimits> = {}, topology = TOPOLOGY) {
    this.table = new DeviceTable(topology, limits);
  }

  /** Runs the lines and holds each outcome against what is written behind "=>". */
  run(text: string): this {
    for (const line of text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"))) {
      const [input, expected] = line.split(/\s*=>\s*/);
      const [seconds, ...words] = input!.split(/\s+/);
      this.now = Number(seconds) * 1000;
      assert.is(`${input} => ${this.#step(words)}`, `${input} => ${expected}`);
    }
    return this;
  }

  #step(words: string[]): string {
    if (words[0] === "devices") return this.print();
    const judged = ["frame", "claim", "lease"].includes(words[0]!);
    const outcome = this.input(words);
    if (!outcome) return "-";
    const parts = [...(judged ? [outcome.frame] : []), ...outcome.events.map(short), ...outcome.deauthenticate.map(({ port, mac }) => `deauth ${port} ${nameOf(mac)}`), ...outcome.asks.map(({ port, mac }) => `ask ${port} ${nameOf(mac)}`)];
    return parts.join(", ") || "-";
  }

  input([verb, ...words]: string[]): DeviceOutcome | undefined {
    const outcome = this.#input(verb!, words as [string, string, string]);
    if (outcome) this.#apply(outcome);
    return outcome;
  }

  #input(verb: string, words: [string, string, string]): DeviceOutcome | undefined {
    const { table, now } = this;
    const [a, b, c] = words;
    switch (verb) {
      case "frame": return table.frame(a, macOf(b), now);
      case "claim": return table.claim(a, macOf(b), c, now);
      case "lease": return table.lease({ mac: macOf(a), address: b, seconds: Number(c) }, now);
      case "assoc": return table.associated(a, macOf(b), c, now);
      case "gone": return table.disassociated(a, macOf(b), now);
      case "list": return table.stations(a, this.#stations(words), now);
      case "lost": return void table.stationsLost();
      case "count": return void table.counted(table.byMac(macOf(a))!.id, Number(b), now);
      case "forget": return table.forget(macOf(a), now);
      case "tick": return table.tick(now);
      default: throw new Error(`unknown input ${verb}`);
    }
  }

  #stations([, ...words]: string[]): { address: string; key?: string }[] {
    return words.map((word) => {
      const [name, key] = word.split("/");
      return { address: macOf(name!), ...(key === undefined ? {} : { key }) };
    });
  }

  /** As wifi-isolation's model takes it: what leaves and what changes first, then what is set; a MAC or address belongs to one device. */
  #apply({ setDevices, removeDevices }: DeviceOutcome): void {
    for (const id of removeDevices) assert.ok(this.model.delete(id), `device ${id} is removed but was not there`);
    for (const { id } of setDevices) this.model.delete(id);
    const taken = new Set([...this.model.values()].flatMap(({ mac, addresses }) => [mac, ...addresses]));
    for (const { id, mac, addresses } of setDevices) {
      for (const what of [mac, ...addresses]) {
        assert.not.ok(taken.has(what), `${what} belongs to two devices`);
        taken.add(what);
      }
      this.model.set(id, { mac, addresses });
    }
  }

  print(): string {
    return this.table.devices.map(({ mac, port, addresses, blocked }) => `${nameOf(mac)}@${port}${blocked ? "!" : ""} ${addresses.join(" ")}`.trim()).join(", ") || "-";
  }
}
