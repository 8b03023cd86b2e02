// SPDX-License-Identifier: Apache-2.0
/*
 * Many stations that roam between two access points, without a namespace each: raw frames in their names at the air's end of two BSS ports, on a real Open vSwitch, seen at both ends and at the
 * uplink. hostapd is a stand-in on the bus (src/gateway/bus/test/hostapd.ts), the air a veth per BSS: no 802.11, and nobody checks source addresses, so a station can be sent for
 * at the place that it left, which a radio would not let happen.
 */
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { startBus, type TestBus } from "../../packages/ubus-ts/test/bus.ts";
import { HostapdStandIn } from "../../src/gateway/bus/test/hostapd.ts";
import type { DeviceResult, StatusResult } from "../../src/gateway/control/protocol.ts";
import { run, until } from "./command.ts";
import { Frames } from "./frames.ts";
import { gatewayProgram } from "./gateway.ts";
import { Lab, type Namespace } from "./namespace.ts";
import { type OvsInstance, startOpenvswitch } from "./openvswitch.ts";
import { arp, broadcast, noncePort } from "./packet.ts";
import { nonceFrame } from "./packet.ts";
import { veth } from "./radio-model.ts";

export type Bss = "wlan0" | "wlan1";
export const BSSES: readonly Bss[] = ["wlan0", "wlan1"];
export const router = { mac: "02:00:00:00:01:01", ip: "10.79.0.1" };

export interface Roamer {
  index: number;
  mac: string;
  ip: string;
  /** Where it is by hostapd's word, and since when; undefined: nowhere yet. */
  bss: Bss | undefined;
  since: number;
}

export class RoamingLab {
  readonly roamers: Roamer[] = [];
  readonly air = {} as Record<Bss, Frames>;
  uplink!: Frames;
  hostapd!: HostapdStandIn;
  bus!: TestBus;
  #gateway!: ChildProcess;
  #program: string[] = [];

  private constructor(readonly lab: Lab, readonly ap: Namespace, readonly ovs: OvsInstance) {}

  /** Everything runs; no station has joined. */
  static async create(stations: number): Promise<RoamingLab> {
    const lab = await Lab.open();
    try {
      const [ap, air, far] = [await lab.namespace("ap"), await lab.namespace("air"), await lab.namespace("far")];
      for (const { path } of [ap, air, far]) await run(["ip", "netns", "exec", path, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"]);
      for (const name of BSSES) await veth({ namespace: ap, name }, { namespace: air, name });
      await veth({ namespace: ap, name: "uplink" }, { namespace: far, name: "net0" });
      const ovs = await startOpenvswitch({ version: "3.1", directory: join(lab.directory, "ovs"), netns: ap.path });
      await ovs.addBridge("br0", ...[...BSSES, "uplink"].flatMap((port) => ["--", "add-port", "br0", port]));
      const made = new RoamingLab(lab, ap, ovs);
      for (const bss of BSSES) made.air[bss] = await Frames.open(lab, air, bss);
      made.uplink = await Frames.open(lab, far, "net0");
      for (let index = 0; index < stations; index++) made.roamers.push({ index, mac: `02:00:00:00:10:${(index + 1).toString(16).padStart(2, "0")}`, ip: `10.79.0.${index + 2}`, bss: undefined, since: 0 });
      await made.#start();
      return made;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    this.bus = await startBus();
    this.hostapd = new HostapdStandIn(this.bus.client());
    for (const bss of BSSES) await this.hostapd.add(bss);
    writeFileSync(this.#file("policy.yaml"), this.#policy());
    writeFileSync(this.#file("gateway.yaml"), `bridge: br0\novsdb: ${this.ovs.ovsdbSocket}\nopenflow: ${this.ovs.mgmtSocket("br0")}\ndatapath: netdev\nports: { wlan0: bss, wlan1: bss, uplink: uplink }
network:\n  prefixes: [10.79.0.0/16]\n  gateways: [${router.ip}]\n  gateway-macs: ["${router.mac}"]\nubus: ${this.bus.path}\npolicy: ${this.#file("policy.yaml")}\nstate: ${this.#file("state")}\nsocket: ${this.#file("control.sock")}\n`);
    const log = openSync(this.#file("gateway.log"), "a");
    this.#program = await gatewayProgram("quickjs");
    this.#gateway = this.lab.spawn(this.ap.inside([...this.#program, "gateway", "--config", this.#file("gateway.yaml")]), { stdio: ["ignore", log, log] });
    await until("the gateway on the bus", 40_000, async () => {
      const status = await this.status().catch(() => undefined);
      return status?.switch.state === "ready" && status.stations.source === "connected";
    }).catch((error: Error) => { throw new Error(`${error.message}\n${this.log}`); });
  }

  /** Stations of even and of odd number may talk, over one port; neither among themselves. */
  #policy(): string {
    const members = (odd: number): string => this.roamers.filter(({ index }) => index % 2 === odd).map(({ mac }) => `{ mac: "${mac}" }`).join(", ");
    return `network: roaming\ngroups:\n  even: [ ${members(0)} ]\n  odd: [ ${members(1)} ]\nrules:\n  - { from: even, to: odd, allow: [udp/${noncePort}] }\n  - { from: all, to: gateway, allow: [udp/${noncePort}] }\nquarantine: []\n`;
  }

  /** hostapd authorises the station at `bss`; `told`: it says that it left the other place. */
  authorize(roamer: Roamer, bss: Bss, told: boolean): void {
    if (told && roamer.bss) this.hostapd.leave(roamer.bss, roamer.mac, "disassoc");
    Object.assign(roamer, { bss, since: performance.now() });
    this.hostapd.authorize(bss, roamer.mac);
  }

  /** Says its address, as every stack does when it comes. */
  announce({ mac, ip }: Roamer, bss: Bss): void {
    void this.air[bss].send(arp({ from: mac, to: broadcast }, 1, { mac, ip }, { mac: "00:00:00:00:00:00", ip: router.ip }));
  }

  send({ mac, ip }: Roamer, at: Bss, to: { mac: string; ip: string }, nonce: string): void {
    void this.air[at].send(nonceFrame({ from: mac, to: to.mac }, ip, to.ip, nonce));
  }

  async status(): Promise<StatusResult> { return this.#ask("status"); }
  async devices(): Promise<DeviceResult[]> { return (await this.#ask<{ devices: DeviceResult[] }>("devices")).devices; }
  async #ask<T>(command: string): Promise<T> {
    const { stdout, stderr } = await run([...this.#program, command, "--json", "--socket", this.#file("control.sock")]);
    const answer = (stdout === "" ? { error: { message: stderr } } : JSON.parse(stdout)) as T & { error?: { message: string } };
    if (answer.error) throw new Error(answer.error.message);
    return answer;
  }

  /** MAC -> the port where the switch lets it in, of the flows in table source. */
  async places(): Promise<Map<string, string[]>> {
    const numbers = new Map<string, string>();
    for (const bss of BSSES) numbers.set((await this.ovs.vsctl("get", "interface", bss, "ofport")).trim(), bss);
    const places = new Map<string, string[]>();
    for (const line of (await this.ovs.ofctl("--no-names", "dump-flows", "br0", "table=1")).split("\n")) {
      const [, port, mac] = /in_port=(\d+),dl_src=(02:00:00:00:10:[0-9a-f]{2})/.exec(line) ?? [];
      if (mac) places.set(mac, [...places.get(mac) ?? [], numbers.get(port!) ?? port!]);
    }
    return places;
  }

  get log(): string { return readFileSync(this.#file("gateway.log"), "utf8"); }
  get pid(): number { return this.#gateway.pid!; }

  async close(): Promise<void> {
    await this.lab.close();
    await this.bus.stop();
  }

  #file(name: string): string { return join(this.lab.directory, name); }
}

/** What a frame of ours carries; undefined: it is another's. */
export function nonceOf(frame: Buffer): string | undefined {
  return frame.length > 42 && frame.readUInt16BE(12) === 0x0800 && frame[23] === 17 && frame.readUInt16BE(36) === noncePort ? frame.subarray(42, 14 + frame.readUInt16BE(16)).toString() : undefined;
}
