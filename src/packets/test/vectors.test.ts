// SPDX-License-Identifier: Apache-2.0
// Frames recorded from the Linux kernel, dnsmasq, dhclient, dig and ping: decoded, encoded again, cut at every byte, damaged at every byte.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeDhcpv4, decodeDhcpv6, decodeDns, DecodeError, dissect, encodeDhcpv4, encodeDhcpv6, encodeDns } from "../index.ts";
import { toHex } from "./bytes.ts";
import { APPLICATIONS, assemble, PACKETS, payloadsOf } from "./payloads.ts";

const test = suite("packets: recorded frames");

test("the recording has every layer", () => {
  const kinds = new Set(PACKETS.map(({ packet: { network } }) => (network.type === "ip" ? network.upper.type : network.type)));
  assert.equal([...kinds].sort(), ["arp", "icmp", "icmpv6", "none", "tcp", "udp"]);
  for (const { name } of APPLICATIONS) assert.ok(payloadsOf(name).length >= 4, name);
});

test("each frame encodes to the bytes it was decoded from", () => {
  for (const { description, bytes, packet } of PACKETS) assert.is(toHex(assemble(packet)), toHex(bytes), description);
});

test("each DHCP and DHCPv6 message too", () => {
  for (const { description, payload } of payloadsOf("dhcpv4")) assert.is(toHex(encodeDhcpv4(decodeDhcpv4(payload))), toHex(payload), description);
  for (const { description, payload } of payloadsOf("dhcpv6")) assert.is(toHex(encodeDhcpv6(decodeDhcpv6(payload))), toHex(payload), description);
});

test("each DNS message means the same when encoded without compression", () => {
  for (const { description, payload } of payloadsOf("dns")) {
    const message = decodeDns(payload);
    assert.equal(decodeDns(encodeDns(message)), message, description);
  }
});

function refused(description: string, run: () => unknown): DecodeError {
  try {
    run();
  } catch (error) {
    assert.instance(error, DecodeError, `${description}: ${error}`);
    return error as DecodeError;
  }
  return assert.unreachable(`${description}: decoded`) as never;
}

test("each frame cut at any byte is refused, and the place is told", () => {
  for (const { description, bytes } of PACKETS) {
    for (let size = 0; size < bytes.length; size++) {
      const { layer, offset } = refused(`${description} cut to ${size}`, () => dissect(bytes.subarray(0, size)));
      assert.ok(layer !== "" && offset >= 0 && offset <= size, `${description} cut to ${size}: ${layer} ${offset}`);
    }
  }
});

test("each DNS message cut at any byte is refused", () => {
  for (const { description, payload } of payloadsOf("dns")) {
    for (let size = 0; size < payload.length; size++) refused(`${description} cut to ${size}`, () => decodeDns(payload.subarray(0, size)));
  }
});

test("each DHCP message cut before its end option is refused", () => {
  for (const { description, payload } of payloadsOf("dhcpv4")) {
    let end = payload.length;
    while (payload[end - 1] === 0) end--;
    for (let size = 0; size < end; size++) refused(`${description} cut to ${size}`, () => decodeDhcpv4(payload.subarray(0, size)));
  }
});

test("each DHCPv6 message cut inside an option is refused; between two it is a shorter message", () => {
  for (const { description, payload } of payloadsOf("dhcpv6")) {
    const ends = new Set([4]);
    for (let end = 4; end < payload.length;) ends.add((end += 4 + (payload[end + 2]! << 8) + payload[end + 3]!));
    for (let size = 0; size < payload.length; size++) {
      if (ends.has(size)) assert.ok(decodeDhcpv6(payload.subarray(0, size)).options.length < decodeDhcpv6(payload).options.length);
      else refused(`${description} cut to ${size}`, () => decodeDhcpv6(payload.subarray(0, size)));
    }
  }
});

test("any damaged byte either decodes or is refused: no other error, no endless loop", () => {
  const damage = (bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): void => {
    for (let i = 0; i < bytes.length; i++) {
      for (const bits of [0x01, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[i]! ^= bits;
        try {
          decode(damaged);
        } catch (error) {
          assert.instance(error, DecodeError, `byte ${i} xor ${bits}: ${error}`);
        }
      }
    }
  };
  for (const { bytes } of PACKETS.filter((packet) => packet.bytes.length < 500)) damage(bytes, dissect);
  for (const { name, decode } of APPLICATIONS) for (const { payload } of payloadsOf(name)) damage(payload, decode);
});

test.run();
