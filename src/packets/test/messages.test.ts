// SPDX-License-Identifier: Apache-2.0
// What single layers say of good and bad bytes.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeArp, decodeDhcpv4, decodeDhcpv6, decodeDns, decodeEthernet, DecodeError, decodeIcmpv6, decodeIpv4, decodeIpv6, decodeTcp, decodeUdp, dhcpHostname, dhcpNumber, dhcpType, dhcpv6Leases, dnsMessage, DhcpOption, DhcpType, encodeDns, encodeDhcpv4, encodeDhcpv6, EncodeError, encodeEthernet, encodeIcmpv6, encodeIpv4, encodeIpv6, encodeUdp, ipv4, ipv6, normaliseName, parseIp, checksum, type Dhcpv4, type Icmpv6 } from "../index.ts";
import { fromHex, toHex } from "./bytes.ts";

const test = suite("packets: messages");

const NONE = new Uint8Array(0);
const LINK = { source: parseIp("fe80::1")!, destination: parseIp("ff02::1")! };

function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof DecodeError || error instanceof EncodeError, String(error));
    return (error as Error).message;
  }
  return "none";
}

test("checksum of RFC 1071 §3", () => {
  assert.is(checksum(fromHex("0001f203f4f5f6f7")), ~0xddf2 & 0xffff);
  assert.is(checksum(fromHex("0001f203f4f5f6f7220d")), 0);
});

test("an 802.1Q tag", () => {
  const bytes = fromHex("020000000011 020000000001 8100 b064 0806 aabb");
  assert.equal(decodeEthernet(bytes), { destination: "02:00:00:00:00:11", source: "02:00:00:00:00:01", vlan: { id: 100, priority: 5, dropEligible: true }, etherType: 0x0806, payload: fromHex("aabb") });
  assert.equal(encodeEthernet(decodeEthernet(bytes)), bytes);
});

test("an IPv4 header is checked", () => {
  const good = encodeIpv4(ipv4("10.0.0.1", "10.0.0.2", 17, fromHex("0102030405060708")));
  const change = (at: number, value: number): Uint8Array => Uint8Array.from(good, (byte, i) => (i === at ? value : byte));
  assert.is(problem(() => decodeIpv4(change(0, 0x55))), "ipv4: byte 0: version 5");
  assert.is(problem(() => decodeIpv4(change(0, 0x44))), "ipv4: byte 0: header length 16");
  assert.is(problem(() => decodeIpv4(change(3, 29))), "ipv4: byte 2: total length 29: header 20, 28 bytes there");
  assert.is(problem(() => decodeIpv4(change(3, 19))), "ipv4: byte 2: total length 19: header 20, 28 bytes there");
  assert.is(problem(() => decodeIpv4(change(8, 63))), "ipv4: byte 10: wrong header checksum");
  assert.is(problem(() => encodeIpv4(ipv4("10.0.0.1", "fe80::1", 17, NONE))), 'ipv4: destination: "fe80::1" is no IPv4 address');
});

test("padding after a short packet is no payload", () => {
  assert.equal(decodeIpv4(Uint8Array.from([...encodeIpv4(ipv4("10.0.0.1", "10.0.0.2", 17, fromHex("0102"))), 0, 0, 0, 0])).payload, fromHex("0102"));
  assert.equal(decodeIpv6(Uint8Array.from([...encodeIpv6(ipv6("fe80::1", "fe80::2", 17, fromHex("0102"))), 0, 0])).payload, fromHex("0102"));
});

test("IPv6 extension headers are walked, eight at most", () => {
  const extension = (protocol: number) => ({ protocol, data: fromHex("00010400000000") });
  const packet = { ...ipv6("fe80::1", "fe80::2", 17, fromHex("0102")), extensions: [extension(0), extension(60)] };
  const decoded = decodeIpv6(encodeIpv6(packet));
  assert.equal([decoded.protocol, decoded.extensions.map(({ protocol }) => protocol), decoded.payload], [17, [0, 60], fromHex("0102")]);
  assert.is(decodeIpv6(encodeIpv6({ ...packet, extensions: Array(8).fill(extension(60)) })).extensions.length, 8);
  assert.is(problem(() => decodeIpv6(encodeIpv6({ ...packet, extensions: Array(9).fill(extension(60)) }))), "ipv6: byte 104: more than 8 extension headers");
  assert.is(problem(() => decodeIpv6(encodeIpv6({ ...packet, extensions: [{ protocol: 0, data: fromHex("ff010400000000") }] }))), "ipv6: byte 50: 2047 bytes wanted, 9 left");
});

test("lengths of UDP and TCP headers are checked", () => {
  const udp = encodeUdp({ sourcePort: 1, destinationPort: 2, payload: fromHex("aa") });
  assert.is(problem(() => decodeUdp(Uint8Array.from(udp, (byte, i) => (i === 5 ? 7 : byte)))), "udp: byte 4: length 7: 9 bytes there");
  assert.is(problem(() => decodeUdp(udp.subarray(0, 8))), "udp: byte 4: length 9: 8 bytes there");
  assert.is(problem(() => decodeTcp(fromHex("0001000200000000000000004000000000000000"))), "tcp: byte 12: data offset 16: 20 bytes there");
});

test("ARP of other hardware or with another operation is refused", () => {
  const good = "0001080006040001020000000011 0a000001 000000000000 0a000002";
  assert.is(decodeArp(fromHex(good)).senderIp, "10.0.0.1");
  const wrong: [string, string][] = [["0006", "arp: byte 0: hardware type is not Ethernet"], ["000186dd", "arp: byte 2: protocol type is not IPv4"], ["000108000804", "arp: byte 4: address sizes are not 6 and 4"], ["0001080006040009", "arp: byte 6: operation 9 is neither request nor reply"]];
  for (const [start, message] of wrong) assert.is(problem(() => decodeArp(fromHex(start + good.replace(/ /g, "").slice(start.length)))), message);
});

test("neighbour discovery, all messages and options", () => {
  const messages: Icmpv6[] = [
    { type: "router-solicitation", options: [{ type: "source-link", mac: "02:00:00:00:00:11" }] },
    {
      type: "router-advertisement", hopLimit: 64, managed: true, otherConfig: false, flags: 0x08, lifetime: 1800, reachableTime: 1, retransmitTimer: 2,
      options: [{ type: "prefix", prefix: "2001:db8::", length: 64, onLink: true, autonomous: true, valid: 0xffffffff, preferred: 600 }, { type: "mtu", mtu: 1500 }, { type: "rdnss", lifetime: 300, addresses: ["2001:db8::53", "2001:db8::54"] }, { type: "other", number: 31, data: fromHex("000000000000") }],
    },
    { type: "neighbour-solicitation", target: "fe80::11", options: [] },
    { type: "neighbour-advertisement", target: "fe80::11", router: false, solicited: true, override: true, options: [{ type: "target-link", mac: "02:00:00:00:00:11" }] },
    { type: "redirect", target: "fe80::1", destination: "2001:db8::9", options: [] },
    { type: "other", number: 128, code: 0, body: fromHex("00010002aabb") },
  ];
  for (const message of messages) assert.equal(decodeIcmpv6(encodeIcmpv6(message, LINK), LINK), message, message.type);
});

test("a neighbour message with a wrong checksum, code or empty option is refused", () => {
  const good = encodeIcmpv6({ type: "neighbour-solicitation", target: "fe80::11", options: [] }, LINK);
  assert.is(problem(() => decodeIcmpv6(Uint8Array.from(good, (byte, i) => (i === 20 ? byte ^ 1 : byte)), LINK)), "icmpv6: byte 2: wrong checksum");
  const withBody = (body: string): Uint8Array => encodeIcmpv6({ type: "other", number: 135, code: 0, body: fromHex(body) }, LINK);
  const target = "00000000fe800000000000000000000000000011";
  assert.is(problem(() => decodeIcmpv6(withBody(`${target}0100000000000000`), LINK)), "icmpv6: byte 25: option of length 0");
  assert.is(problem(() => decodeIcmpv6(withBody(`${target}0102020000000011`), LINK)), "icmpv6: byte 32: 14 bytes wanted, 6 left");
  assert.is(problem(() => decodeIcmpv6(encodeIcmpv6({ type: "other", number: 134, code: 7, body: fromHex("00") }, LINK), LINK)), "icmpv6: byte 1: code 7 of type 134");
});

const ACK: Dhcpv4 = {
  operation: "reply", transaction: 0x1234, seconds: 0, broadcast: false, clientAddress: "0.0.0.0", yourAddress: "10.0.0.5", serverAddress: "10.0.0.1", relayAddress: "0.0.0.0", clientMac: "02:00:00:00:00:11",
  options: new Map([[DhcpOption.MESSAGE_TYPE, Uint8Array.of(DhcpType.ACK)], [DhcpOption.LEASE_SECONDS, fromHex("00000e10")], [DhcpOption.RELAY_INFO, fromHex("0102aabb")]]),
};

test("DHCP: typed options, long ones, overloaded fields", () => {
  const long = new Uint8Array(300).fill(7);
  const message = decodeDhcpv4(encodeDhcpv4({ ...ACK, options: new Map([...ACK.options, [43, long]]) }));
  assert.equal([dhcpType(message), dhcpNumber(message, DhcpOption.LEASE_SECONDS), message.options.get(43)], [DhcpType.ACK, 3600, long]);
  const overloaded = encodeDhcpv4({ ...ACK, options: new Map([[DhcpOption.OVERLOAD, Uint8Array.of(3)]]) });
  overloaded.set([DhcpOption.MESSAGE_TYPE, 1, DhcpType.ACK, 255], 108);
  overloaded.set([DhcpOption.LEASE_SECONDS, 4, 0, 0, 0, 9, 255], 44);
  assert.equal([dhcpType(decodeDhcpv4(overloaded)), dhcpNumber(decodeDhcpv4(overloaded), DhcpOption.LEASE_SECONDS)], [DhcpType.ACK, 9]);
});

test("DHCP: a known option of the wrong size is refused, a host name is cleaned", () => {
  assert.is(problem(() => decodeDhcpv4(encodeDhcpv4({ ...ACK, options: new Map([[DhcpOption.LEASE_SECONDS, fromHex("000e10")]]) }))), "dhcpv4: byte 242: option 51 of 3 bytes");
  assert.is(problem(() => decodeDhcpv4(encodeDhcpv4({ ...ACK, options: new Map([[DhcpOption.RESOLVERS, NONE]]) }))), "dhcpv4: byte 242: option 6 of 0 bytes");
  const named = (code: number, hex: string): string | undefined => dhcpHostname({ ...ACK, options: new Map([[code, fromHex(hex)]]) });
  assert.is(named(DhcpOption.HOSTNAME, "6c61701b5b336d746f70"), "lap3mtop");
  assert.is(named(DhcpOption.HOSTNAME, "00ff"), undefined);
  assert.is(named(DhcpOption.FQDN, "0000006c61702e686f6d65"), "lap.home");
  assert.is(named(DhcpOption.FQDN, "040000036c6170 04686f6d65 00".replace(/ /g, "")), "lap");
});

test("DHCPv6: leases are what a reply grants", () => {
  const message = decodeDhcpv6(encodeDhcpv6({
    type: 7, transaction: 0xabcdef, options: [
      { type: "client-id", duid: fromHex("0001") }, { type: "dns", addresses: ["2001:db8::53"] },
      { type: "ia-na", iaid: 1, t1: 10, t2: 20, options: [{ type: "ia-address", address: "2001:db8::5", preferred: 30, valid: 60, options: [] }, { type: "ia-address", address: "2001:db8::6", preferred: 0, valid: 0, options: [] }] },
      { type: "ia-na", iaid: 2, t1: 0, t2: 0, options: [{ type: "status", code: 2, message: fromHex("6e6f") }, { type: "ia-address", address: "2001:db8::7", preferred: 9, valid: 9, options: [] }] },
    ],
  }));
  assert.equal(dhcpv6Leases(message), [{ address: "2001:db8::5", seconds: 60 }]);
  assert.is(problem(() => decodeDhcpv6(fromHex("0c000000"))), "dhcpv6: byte 0: message type 12");
});

test("DHCPv6: options nested deeper than they can be are refused", () => {
  const wrap = (code: string, fixed: number, inner: string): string => code + (fixed + inner.length / 2).toString(16).padStart(4, "0") + "00".repeat(fixed) + inner;
  const deep = "07000001" + wrap("0003", 12, wrap("0005", 24, wrap("0003", 12, wrap("0005", 24, ""))));
  assert.match(problem(() => decodeDhcpv6(fromHex(deep))), /nested too deep/);
});

const QUESTION = "00018180 0001000100000000 07 6578616d706c65 03 6f7267 00 0001 0001";

test("DNS: names by pointers, backwards only", () => {
  const decode = (record: string) => decodeDns(fromHex(QUESTION + record));
  assert.equal(decode("c00c 0001 0001 0000003c 0004 c0000201").answers, [{ name: "example.org", class: 1, ttl: 60, data: { type: "address", address: "192.0.2.1" } }]);
  assert.equal(decode("c014 0005 0001 0000003c 0006 03777777 c00c").answers, [{ name: "org", class: 1, ttl: 60, data: { type: "cname", target: "www.example.org" } }]);
  assert.is(problem(() => decode("c01d 0001 0001 0000003c 0004 c0000201")), "dns: byte 29: name points to byte 29, not backwards");
  assert.is(problem(() => decode("c0ff 0001 0001 0000003c 0004 c0000201")), "dns: byte 29: name points to byte 255, not backwards");
  assert.is(problem(() => decode("0161c01d 0001 0001 0000003c 0004 c0000201")), "dns: byte 31: name points to byte 29, not backwards");
  assert.is(problem(() => decode("40 0001 0001 0000003c 0004 c0000201")), "dns: byte 29: label type 1");
});

test("DNS: sizes are what they say", () => {
  const decode = (record: string) => decodeDns(fromHex(QUESTION + record));
  assert.is(problem(() => decode("c00c 0001 0001 0000003c 0003 c00002")), "dns: byte 44: 4 bytes wanted, 3 left");
  assert.is(problem(() => decode("c00c 0001 0001 0000003c 0005 c000020100")), "dns: byte 41: record of type 1 is not 5 bytes long");
  assert.is(problem(() => decode("c00c 0001 0001 0000003c 0009 c0000201")), "dns: byte 45: 9 bytes wanted, 4 left");
  const tooLong = `00018180 0001000000000000 ${"3f" + "61".repeat(63)}${"3f" + "61".repeat(63)}${"3f" + "61".repeat(63)}${"3f" + "61".repeat(63)} 00 0001 0001`;
  assert.is(problem(() => decodeDns(fromHex(tooLong))), "dns: byte 204: name longer than 255 bytes");
  assert.is(decode("c00c 0001 0001 ffffffff 0004 c0000201").answers[0]!.ttl, 0);
});

test("DNS: names in text keep odd bytes apart", () => {
  for (const name of ["example.org", "a\\.b.example", "a\\\\b", "\\000\\255x", "_mdns._udp.local", ""]) {
    const message = dnsMessage({ questions: [{ name, type: 1, class: 1 }] });
    assert.is(decodeDns(encodeDns(message)).questions[0]!.name, name);
  }
  assert.is(toHex(encodeDns(dnsMessage({ questions: [{ name: "a\\.b.c.", type: 1, class: 1 }] }))).slice(24), "03612e62016300" + "00010001");
  assert.is(problem(() => encodeDns(dnsMessage({ questions: [{ name: "a..b", type: 1, class: 1 }] }))), 'dns: name: label of 0 bytes in "a..b"');
  assert.is(normaliseName("WWW.Example.ORG."), "www.example.org");
});

test("DNS: flags and EDNS", () => {
  const message = dnsMessage({ id: 7, response: true, truncated: true, rcode: 3, additionals: [{ name: "", class: 1232, ttl: 0x8000, data: { type: "other", number: 41, bytes: NONE } }] });
  assert.equal(decodeDns(encodeDns(message)), message);
});

test.run();
