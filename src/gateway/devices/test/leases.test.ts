// SPDX-License-Identifier: Apache-2.0
// Leases out of recorded DHCP answers.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BROADCAST, dissect, encodeDhcpv4, encodeEthernet, encodeIpv4, encodeUdp, ipv4, DhcpOption, DhcpType, DecodeError } from "../../../packets/index.ts";
import { PACKETS } from "../../../packets/test/payloads.ts";
import { leasesIn, senderAddress } from "../index.ts";

const test = suite("devices: what frames tell");

test("of all recorded frames only the ACK and the REPLY give leases", () => {
  const leases = PACKETS.flatMap(({ packet }) => leasesIn(packet));
  assert.is(leases.length, 2);
  for (const { mac } of leases) assert.is(mac, "02:00:00:00:00:11");
  assert.match(leases.find(({ address }) => !address.includes(":"))!.address, /^10\.99\.0\.(1\d\d|200)$/);
  assert.equal(leases.map(({ seconds }) => seconds).sort(), [3600, 600]);
});

function answer(type: number, options: [number, Uint8Array][]): Uint8Array {
  const payload = encodeDhcpv4({
    operation: "reply", transaction: 1, seconds: 0, broadcast: false, clientAddress: "10.0.0.5", yourAddress: "10.0.0.5", serverAddress: "10.0.0.1", relayAddress: "0.0.0.0", clientMac: "02:00:00:00:00:11",
    options: new Map([[DhcpOption.MESSAGE_TYPE, Uint8Array.of(type)], ...options]),
  });
  const udp = encodeUdp({ sourcePort: 67, destinationPort: 68, payload });
  return encodeEthernet({ destination: BROADCAST, source: "02:00:00:00:00:01", etherType: 0x0800, payload: encodeIpv4(ipv4("10.0.0.1", "255.255.255.255", 17, udp)) });
}

test("an offer, a NAK and the answer to an INFORM give none", () => {
  const seconds: [number, Uint8Array] = [DhcpOption.LEASE_SECONDS, Uint8Array.of(0, 0, 0, 60)];
  assert.equal(leasesIn(dissect(answer(DhcpType.ACK, [seconds, [DhcpOption.HOSTNAME, Uint8Array.of(0x70, 0x63)]]))), [{ mac: "02:00:00:00:00:11", address: "10.0.0.5", seconds: 60, hostname: "pc" }]);
  for (const frame of [answer(DhcpType.OFFER, [seconds]), answer(DhcpType.NAK, [seconds]), answer(DhcpType.ACK, [])]) assert.equal(leasesIn(dissect(frame)), []);
  assert.throws(() => leasesIn(dissect(answer(DhcpType.ACK, [[DhcpOption.LEASE_SECONDS, Uint8Array.of(1)]]))), (error: Error) => error instanceof DecodeError);
});

test("a sender's address: of ARP, of IP, none of probes", () => {
  const senders = new Set(PACKETS.map(({ packet }) => senderAddress(packet)));
  assert.ok(senders.has("10.99.0.1") && senders.has("fe80::ff:fe00:11") && senders.has(undefined));
  assert.not.ok(senders.has("0.0.0.0") || senders.has("::"));
});

test.run();
