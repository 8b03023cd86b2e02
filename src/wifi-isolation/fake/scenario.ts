// SPDX-License-Identifier: Apache-2.0
// A small network on the fake flow table: devices at ports, a router upstream. Asked as "does this packet arrive?".
import type { Policy } from "@securebox/contract";
import { applyChange, synchronise, type Applied } from "../apply.ts";
import { Model, type Edit, type ModelInput } from "../model.ts";
import type { Device, Ip, Mac, Topology } from "../network.ts";
import { reasonOf } from "../registers.ts";
import { FakeSwitch, type Output } from "./flow-table.ts";
import type { Ends } from "./frames.ts";

export interface Host {
  mac: Mac;
  port: number;
  v4: Ip;
  v6: Ip;
}

export const ROUTER: Host = { mac: "02:ff:00:00:00:01", port: 10, v4: "10.0.0.1", v6: "fe80::ff" };
/** Hosts on the internet come through the router. */
export const SERVER: Host = { ...ROUTER, v4: "192.0.2.80", v6: "2001:db8:ffff::80" };

export const TOPOLOGY: Topology = {
  ports: [
    { name: "wlan0", number: 1, role: "bss" }, { name: "wlan1", number: 2, role: "bss" }, { name: "lan1", number: 3, role: "wired" },
    { name: "eth0", number: ROUTER.port, role: "uplink" },
  ],
  prefixes: ["10.0.0.0/16", "2001:db8::/64"], gateways: [ROUTER.v4, ROUTER.v6], gatewayMacs: [ROUTER.mac], resolvers: [ROUTER.v4],
};

/** The same network with two access points that only isolate besides; stations know each other by the router's MAC. */
export const THIN_TOPOLOGY: Topology = { ...TOPOLOGY, ports: [...TOPOLOGY.ports, { name: "ap1", number: 4, role: "thin" }, { name: "ap2", number: 5, role: "thin" }] };

export function policy(parts: Partial<Policy>): Policy {
  return { version: 1, network: "test", mode: "intelligent-edge", groups: {}, rules: [], quarantine: [], ...parts };
}

/** Device number `id`, with one IPv4, one link-local and one global IPv6 address. */
export function device(id: number, port = "wlan0"): Device {
  const hex = id.toString(16);
  return { id, mac: macOf(id), port, addresses: [`10.0.${(id + 10) >>> 8}.${(id + 10) & 255}`, `fe80::${hex}`, `2001:db8::${hex}`] };
}

export function macOf(id: number): Mac {
  return `02:00:00:00:${(id >>> 8).toString(16).padStart(2, "0")}:${(id & 255).toString(16).padStart(2, "0")}`;
}

export class Scenario {
  readonly switch = new FakeSwitch();
  model: Model;

  private constructor(input: ModelInput) {
    this.model = new Model(input);
  }

  static async start(input: Partial<ModelInput> & { policy: Policy }): Promise<Scenario> {
    const scenario = new Scenario({ topology: TOPOLOGY, devices: [1, 2, 3, 4].map((id) => device(id)), ...input });
    await synchronise(scenario.switch, scenario.model, [1, 2]);
    const [overlap] = scenario.switch.overlaps();
    if (overlap) throw new Error(`overlapping flows: ${overlap.map((flow) => JSON.stringify({ ...flow, cookie: String(flow.cookie) }, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))).join(" and ")}`);
    return scenario;
  }

  change(edit: Edit): Promise<Applied> {
    return applyChange(this.switch, this.model.change(edit));
  }

  host(id: number): Host {
    const { mac, port, addresses } = this.model.device(id)!;
    return { mac, port: this.model.site.port(port)!.number, v4: addresses[0]!, v6: addresses[2]! };
  }

  send(from: Host, frame: Uint8Array): Output[] {
    return this.switch.receive(from.port, frame);
  }

  /** Whether the frame that `from` sends comes out of `at`'s port, addressed to `at` on the link. */
  arrives(from: Host, frame: Uint8Array, at: Host): boolean {
    return reaches(this.send(from, frame), at);
  }

  /** Reasons of what waits now. */
  waiting(): (string | undefined)[] {
    return this.switch.held.map(({ packet }) => reasonOf(packet.registers[3]!));
  }

  /** Lets everything that waits go on. */
  resumeAll(): Output[] {
    return this.switch.held.flatMap((held) => this.switch.resume(held));
  }
}

export function reaches(outputs: readonly Output[], at: Host): boolean {
  return outputs.some(({ port, frame }) => port === at.port && ((frame[0]! & 1) === 1 || linkDestination(frame) === at.mac));
}

export function linkDestination(frame: Uint8Array): Mac {
  return macAt(frame, 0);
}

export function linkSource(frame: Uint8Array): Mac {
  return macAt(frame, 6);
}

function macAt(frame: Uint8Array, at: number): Mac {
  return [...frame.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

export function ends(from: Host, to: Host, family: 4 | 6 = 4): Ends {
  return family === 4 ? { from: { mac: from.mac, ip: from.v4 }, to: { mac: to.mac, ip: to.v4 } } : { from: { mac: from.mac, ip: from.v6 }, to: { mac: to.mac, ip: to.v6 } };
}

export function reversed({ from, to }: Ends): Ends {
  return { from: to, to: from };
}
