// SPDX-License-Identifier: Apache-2.0
// The gateway's reconciler and switch connection on a real Open vSwitch with dummy ports: frames go in by command and come out in captures.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NxPacketIn2 } from "node-openvswitch/openflow";
import { platform } from "quickjs-ts/platform";
import type { Fields, Log } from "../../src/gateway/log.ts";
import { Reconciler } from "../../src/gateway/reconciler.ts";
import { SwitchLink } from "../../src/gateway/switch/link.ts";
import { linkDestination, TOPOLOGY, type Host } from "../../src/wifi-isolation/fake/scenario.ts";
import { reasonOf, type Edit, type ModelInput } from "../../src/wifi-isolation/index.ts";
import { sleep, until } from "./command.ts";
import { startOpenvswitch, type OvsInstance } from "./openvswitch.ts";

export class DummyNetwork {
  /** What the gateway's log was told, every level. */
  readonly told: { event: string; fields: Fields }[] = [];
  readonly held: NxPacketIn2[] = [];
  readonly link: SwitchLink;
  readonly reconciler: Reconciler;

  private constructor(readonly ovs: OvsInstance, readonly directory: string, input: ModelInput) {
    const note = (event: string, fields: Fields = {}): void => void this.told.push({ event, fields });
    const log: Log = { debug: note, info: note, warn: note, error: note };
    this.link = new SwitchLink(platform, ovs.mgmtSocket("br0"), {
      ready: () => this.reconciler.synchronise(), lost: () => this.reconciler.lost(), held: (packet) => void this.held.push(packet), flowRemoved: () => {},
      refused: (reason) => note("refused", { reason }),
    });
    this.reconciler = new Reconciler({ device: this.link.device, platform, log, inputs: () => input, synchronised: () => {} });
  }

  static async start(version: "3.1" | "2.15", input: ModelInput): Promise<DummyNetwork> {
    const directory = mkdtempSync(join(tmpdir(), "sbx-"));
    const ovs = await startOpenvswitch({ version, directory, dummy: true });
    await ovs.addBridge("br0", ...TOPOLOGY.ports.flatMap(({ name, number }) =>
      ["--", "add-port", "br0", name, "--", "set", "interface", name, "type=dummy", `ofport_request=${number}`, `options:tx_pcap=${directory}/${name}.pcap`]));
    const network = new DummyNetwork(ovs, directory, input);
    await until("flows in force", 10_000, () => network.reconciler.state === "ready");
    return network;
  }

  edit(edit: Edit): Promise<boolean> {
    return this.reconciler.edit(edit);
  }

  /** "PORT MAC" of each frame that the switch sends because of this one, sorted; or "held: REASON". */
  async send(from: Host, frame: Uint8Array): Promise<string[]> {
    const [sent, waiting] = [this.#sent(), this.held.length];
    const { name } = TOPOLOGY.ports.find(({ number }) => number === from.port)!;
    await this.ovs.appctl("netdev-dummy/receive", name, Buffer.from(frame).toString("hex"));
    await this.link.apply([]);
    await sleep(40); // the dummy datapath sends within the same turn of the switch's loop
    const held = this.held.splice(waiting).map(({ metadata }) => `held: ${reasonOf(Number(metadata?.["reg3"] ?? 0))}`);
    return [...TOPOLOGY.ports.flatMap(({ number }, index) => this.#sent()[index]!.slice(sent[index]!.length).map((out) => `${number} ${linkDestination(out)}`)), ...held].sort();
  }

  /** Entries of the switch's connection tracker, one text each. */
  async connections(): Promise<string[]> {
    return (await this.ovs.appctl("dpctl/dump-conntrack")).split("\n").filter((line) => line !== "").sort();
  }

  async stop(): Promise<void> {
    this.reconciler.close();
    this.link.close();
    await this.ovs.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #sent(): Uint8Array[][] {
    return TOPOLOGY.ports.map(({ name }) => framesIn(readFileSync(join(this.directory, `${name}.pcap`))));
  }
}

/** Frames of a capture (pcap, little endian, as Open vSwitch writes it here). */
function framesIn(bytes: Buffer): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 24; at + 16 <= bytes.length;) {
    const size = bytes.readUInt32LE(at + 8);
    frames.push(new Uint8Array(bytes.subarray(at + 16, at + 16 + size)));
    at += 16 + size;
  }
  return frames;
}
