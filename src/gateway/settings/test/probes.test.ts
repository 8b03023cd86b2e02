// SPDX-License-Identifier: Apache-2.0
// What counts as a session, and which answers count.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FakePlatform } from "quickjs-ts/fake";
import { platform } from "quickjs-ts/platform";
import type { Outgoing } from "node-openvswitch/openflow";
import { decodeArp, decodeDhcpv4, dissect } from "../../../packets/index.ts";
import { discover } from "../probes/dhcp.ts";
import { ManagementProbe } from "../probes/management.ts";
import { sessionsIn } from "../probes/sessions.ts";

const probes = suite("probes");
const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (own: string, peer: string, state: string): string => `   0: ${own} ${peer} ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n`;
// As an x86-64 kernel writes 10.0.0.1 and 10.0.0.9, and a big-endian one.
const TCP = HEAD + row("00000000:0016", "00000000:0000", "0A") + row("0100000A:0016", "0900000A:D431", "01") + row("0100000A:D432", "0A00000A:01BB", "01")
  + row("00000000:0035", "00000000:0000", "0A") + row("0100000A:0035", "0B00000A:D431", "01") + row("0100007F:0016", "0100007F:8001", "01");
const TCP6 = HEAD + row("00000000000000000000000000000000:0050", "00000000000000000000000000000000:0000", "0A")
  + row("0000000000000000FFFF00000100000A:0050", "0000000000000000FFFF00000C00000A:D431", "06") + row("B80D0120000000000000000001000000:0050", "B80D0120000000000000000002000000:D431", "01");

probes("sessions with what this device listens on, whoever began them there; not names, not loopback, not what it does itself", () => {
  const { sessions, listening } = sessionsIn([TCP, TCP6], true);
  assert.equal([...listening], [22, 80]);
  assert.equal(sessions, [
    { peer: "10.0.0.9", own: "10.0.0.1", port: 22 }, { peer: "10.0.0.12", own: "10.0.0.1", port: 80 }, { peer: "2001:db8::2", own: "2001:db8::1", port: 80 },
  ]);
  assert.equal(sessionsIn([HEAD + row("00000000:0016", "00000000:0000", "0A") + row("0A000001:0016", "0A000009:D431", "01")], false).sessions, [{ peer: "10.0.0.9", own: "10.0.0.1", port: 22 }]);
  assert.equal(sessionsIn(["", "rubbish\n  9: xyz\n"], true).sessions, []);
});

const DEVICE = { id: 7, mac: "02:00:00:00:00:09", port: "wlan0", addresses: ["10.0.0.9"], groups: [] };
const PORTS = [{ name: "wlan0", number: 3, role: "bss" as const }, { name: "br0", number: 65534, role: "local" as const, mac: "02:00:00:00:00:01" }];

class Radio {
  readonly platform = new FakePlatform(platform.crypto);
  readonly sent: Outgoing[] = [];
  packets = 5;
  answering = true;
  readonly probe = new ManagementProbe({
    platform: this.platform, ports: () => PORTS, deviceAt: (address) => address === "10.0.0.9" ? DEVICE as never : undefined,
    count: async () => new Map([[7, this.packets]]), send: (message) => { this.sent.push(message); if (this.answering) this.packets++; return true; },
  });
  constructor(text: string) { this.tell(text); }
  tell(text: string): void {
    this.platform.files.makeDirectory("/proc/net");
    this.platform.files.replace("/proc/net/tcp", text);
  }
  async reached(): Promise<boolean | undefined> {
    let reached: boolean | undefined | "waiting" = "waiting";
    void this.probe.reached().then((answer) => { reached = answer; });
    for (let turn = 0; turn < 30 && reached === "waiting"; turn++) await this.platform.time.advance(200);
    assert.is.not(reached, "waiting");
    return reached as unknown as boolean | undefined;
  }
}
const listens = HEAD + row("00000000:0016", "00000000:0000", "0A");

probes("nobody manages it: nothing to judge by", async () => {
  assert.is(await new Radio(listens).reached(), undefined);
});

probes("a station with a session is asked by ARP at its place, and is there when its packets are counted", async () => {
  const radio = new Radio(listens + row("0100000A:0016", "0900000A:D431", "01"));
  assert.is(await radio.reached(), true);
  const [message] = radio.sent as { packet: Uint8Array; actions: unknown[] }[];
  assert.equal(message!.actions, [{ type: "output", port: 3 }]);
  const { ethernet } = dissect(message!.packet);
  assert.equal([ethernet.destination, ethernet.source], [DEVICE.mac, "02:00:00:00:00:01"]);
  assert.equal([decodeArp(ethernet.payload).senderIp, decodeArp(ethernet.payload).targetIp], ["10.0.0.1", "10.0.0.9"]);
});

probes("it is remembered when the change ends its session, silent when it does not answer, and in vain when nobody listens any more", async () => {
  const radio = new Radio(listens + row("0100000A:0016", "0900000A:D431", "01"));
  assert.is(await radio.reached(), true);
  radio.tell(listens);
  assert.is(await radio.reached(), true);
  radio.answering = false;
  assert.is(await radio.reached(), false);
  radio.answering = true;
  radio.tell(HEAD);
  assert.is(await radio.reached(), false);
});

probes("somebody upstream is knocked at", async () => {
  const radio = new Radio(listens + row("0100000A:0016", "0800000A:D431", "01"));
  assert.is(await radio.reached(), true, "refused is answered");
  assert.equal(radio.sent, []);
});

probes("the question that DHCP servers are asked", () => {
  const { ethernet, network } = dissect(discover("06:00:00:00:00:01", 0x12345678));
  assert.is(ethernet.destination, "ff:ff:ff:ff:ff:ff");
  assert.ok(network.type === "ip" && network.upper.type === "udp");
  const { udp } = network.upper as { udp: { sourcePort: number; destinationPort: number; payload: Uint8Array } };
  const message = decodeDhcpv4(udp.payload);
  assert.equal([udp.sourcePort, udp.destinationPort, message.operation, message.transaction, message.broadcast, message.clientMac, [...message.options.get(53)!]], [68, 67, "request", 0x12345678, true, "06:00:00:00:00:01", [1]]);
});

probes.run();
