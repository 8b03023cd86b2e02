// SPDX-License-Identifier: Apache-2.0
// What the encoder refuses, the forms it chooses, and the fast way to write many flows.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Action, decode, decodeActions, decodeMatch, encode, encodeActions, EncodeError, encodeFlowMod, encodeMatch, errorName, FIELDS, findField, type Flow, FlowWriter, type Match, MessageFramer, refusedBy, type Version } from "../../src/openflow/index.ts";
import { fromHex, toHex } from "./vectors.ts";

const test = suite("openflow encode");

function refuses(run: () => unknown, field: string, detail: RegExp): void {
  assert.throws(run, (error: unknown) => error instanceof EncodeError && error.field === field && detail.test(error.detail));
}

test("a field that does not exist, does not fit or lacks what it needs is named", () => {
  const bad: [Match, string, RegExp][] = [
    [{ ip_sorce: 1 }, "ip_sorce", /unknown field/],
    [{ reg0: 2 ** 32 }, "reg0", /expected 0 to 4294967295/], [{ reg0: -1 }, "reg0", /expected/], [{ reg0: 1.5 }, "reg0", /expected/],
    [{ eth_type: 0x10000 }, "eth_type", /65535/], [{ eth_type: 0x800, ip_dscp: 64 }, "ip_dscp", /0 to 63/], [{ vlan_vid: 0x2000 }, "vlan_vid", /8191/],
    [{ eth_src: new Uint8Array(5) }, "eth_src", /5 bytes, expected 6 bytes/], [{ eth_src: 5 }, "eth_src", /expected 6 bytes/], [{ ct_label: new Uint8Array(4) }, "ct_label", /16 bytes/],
    [{ metadata: -1n }, "metadata", /64 bits/], [{ metadata: 1n << 64n }, "metadata", /64 bits/],
    [{ eth_type: { value: 0x800, mask: 0xff00 } }, "eth_type", /masked|outside/], [{ eth_type: 0x800, nw_proto: { value: 6, mask: 7 } }, "nw_proto", /cannot be masked/],
    [{ reg0: { value: 5, mask: 1 } }, "reg0", /outside the mask/], [{ eth_src: { value: new Uint8Array(6).fill(1), mask: new Uint8Array(6) } }, "eth_src", /outside the mask/],
    [{ ip_src: 1 }, "ip_src", /needs eth_type 0x800/], [{ eth_type: 0x86dd, ip_src: 1 }, "ip_src", /0x800/], [{ eth_type: 0x800, tcp_dst: 80 }, "tcp_dst", /needs nw_proto 6/],
    [{ eth_type: 0x800, nw_proto: 17, tcp_dst: 80 }, "tcp_dst", /nw_proto 6/], [{ eth_type: 0x800, arp_spa: 1 }, "arp_spa", /0x806/],
    [{ eth_type: 0x86dd, nw_proto: 58, icmpv6_type: 134, nd_target: new Uint8Array(16) }, "nd_target", /icmpv6_type 135 or 136/], [{ vlan_pcp: 3 }, "vlan_pcp", /vlan_vid/],
    [{ ct_nw_proto: 6 }, "ct_nw_proto", /\+trk/],
  ];
  for (const [match, field, detail] of bad) refuses(() => encodeMatch(match, 4), field, detail);
});

test("an action that has no wire form is refused by name", () => {
  const bad: [Action, string, RegExp][] = [
    [{ type: "output", port: -1 }, "output.port", /expected/], [{ type: "output-truncated", port: 70000, maxLength: 5 }, "output-truncated.port", /16 bits/],
    [{ type: "load", destination: { field: "reg0", start: 0, bits: 3 }, value: 8n }, "load.value", /does not fit in 3 bits/], [{ type: "load", destination: { field: "reg0", start: 30, bits: 3 }, value: 1n }, "load.destination", /outside reg0/],
    [{ type: "load", destination: { field: "ct_state" }, value: 1n }, "load.destination", /read-only/], [{ type: "set-field", field: "nw_proto", value: 6 }, "set-field.nw_proto", /read-only/],
    [{ type: "move", source: { field: "eth_src" }, destination: { field: "reg0" } }, "move", /source has 48 bits, destination 32/], [{ type: "conjunction", id: 1, clause: 0, clauses: 2 }, "conjunction.clause", /1 to 2/],
    [{ type: "resubmit", table: 256 }, "resubmit.table", /255/], [{ type: "ct", zone: 65536 }, "ct.zone", /65535/], [{ type: "meter", meter: 1 }, "meter", /instruction/],
    [{ type: "nat", source: true, range: { addressMin: new Uint8Array(5) } }, "nat.range", /4 or 16/], [{ type: "learn", table: 1, specs: [{ type: "match-immediate", destination: { field: "eth_type" }, value: new Uint8Array(1) }] }, "learn.value", /expected 2/],
    [{ type: "nonsense" } as unknown as Action, "action", /unknown type/],
  ];
  for (const [action, field, detail] of bad) refuses(() => encodeActions([action], 4), field, detail);
});

test("registers have one form per version, so that equal matches give equal bytes", () => {
  const wide: Match = { xxreg1: fromHex("00000001000000000000000200000003") };
  assert.is(toHex(encodeMatch(wide, 4)), toHex(encodeMatch({ reg4: 1, reg5: 0, reg6: 2, reg7: 3 }, 4)));
  assert.is(toHex(encodeMatch(wide, 6)), toHex(encodeMatch({ reg7: 3, reg6: 2, xreg2: 0x100000000n }, 6)));
  assert.equal(decodeMatch(encodeMatch({ xreg0: { value: 5n, mask: 0xffn } }, 4), 4), { reg1: { value: 5, mask: 0xff } });
});

test("fields of a match come in Open vSwitch's order whatever the order of the object's members", () => {
  const match: Match = { metadata: 7n, tcp_dst: 80, reg1: 2, nw_proto: 6, in_port: 1, eth_type: 0x800, reg0: 1 };
  const turned = Object.fromEntries(Object.entries(match).reverse());
  assert.is(toHex(encodeMatch(match, 4)), "800000040000000180000a020800800014010680001c02005000010004000000010001020400000002" .replace("0001020400000002", "00010204000000028000040800000000" + "00000007"));
  assert.is(toHex(encodeMatch(turned, 4)), toHex(encodeMatch(match, 4)));
});

test("names, other names and header names mean the same field", () => {
  for (const name of ["ip_src", "nw_src", "NXM_OF_IP_SRC", "OXM_OF_IPV4_SRC"]) assert.is(findField(name)?.name, "ip_src");
  assert.is(findField("reg15")?.headers[0]?.name, "NXM_NX_REG15");
  assert.is(findField("reg16"), undefined);
  assert.is(new Set(FIELDS.map((field) => field.name)).size, FIELDS.length);
  assert.is(toHex(encodeMatch({ dl_type: 0x800, ip_proto: 6 }, 4)), toHex(encodeMatch({ eth_type: 0x800, nw_proto: 6 }, 4)));
});

test("fields that are not known keep their bytes", () => {
  const bytes = "8000fa0401020304" + "ffff0d0c0000abcd11111111ffffffff";
  assert.is(toHex(encodeMatch(decodeMatch(fromHex(bytes), 4), 4)), bytes);
});

test("a masked set-field is one load for every run of bits before OpenFlow 1.5, a load is a masked set-field from there on", () => {
  const set: Action = { type: "set-field", field: "reg2", value: 0x50005, mask: 0xf000f };
  assert.equal(decodeActions(encodeActions([set], 5), 5), [
    { type: "load", destination: { field: "reg2", start: 0, bits: 4 }, value: 5n }, { type: "load", destination: { field: "reg2", start: 16, bits: 4 }, value: 5n },
  ]);
  assert.equal(decodeActions(encodeActions([set], 6), 6), [set]);
  assert.equal(decodeActions(encodeActions([{ type: "load", destination: { field: "reg2", start: 4, bits: 4 }, value: 5n }], 6), 6), [{ type: "set-field", field: "reg2", value: 0x50, mask: 0xf0 }]);
});

const FLOW: Flow = { table: 3, priority: 7, cookie: 5n, match: { reg0: 1 }, instructions: [{ type: "apply", actions: [{ type: "output", port: 2 }] }] };

test("a flow writer gives the bytes of single messages, with and without a bundle", () => {
  for (const version of [4, 5, 6] as Version[]) {
    const plain = new FlowWriter(version);
    const bundled = new FlowWriter(version, { id: 9, flags: 3 });
    for (let xid = 0; xid < 300; xid++) for (const writer of [plain, bundled]) writer.flowMod("add", FLOW, xid);
    const messages = new MessageFramer().push(plain.take());
    const envelopes = new MessageFramer().push(bundled.take());
    assert.is(messages.length, 300);
    assert.is(toHex(messages[77]!), toHex(encodeFlowMod("add", FLOW, { version, xid: 77 })));
    assert.is(toHex(envelopes[299]!), toHex(encode({ type: "bundle-add", bundle: 9, flags: 3, message: { type: "flow-mod", command: "add", flow: FLOW } }, { version, xid: 299 })));
  }
});

test("a flow that is refused leaves nothing behind in the writer", () => {
  const writer = new FlowWriter(4, { id: 1, flags: 0 });
  writer.flowMod("add", FLOW, 1);
  const { size } = writer;
  const ones: Match = { eth_src: new Uint8Array(6).fill(0xff), reg0: 0xffffffff, metadata: 0xffffffffffffffffn };
  const bad: Flow = { ...FLOW, match: ones, instructions: [{ type: "apply", actions: [{ type: "output", port: 3 }, { type: "output", port: -1 }] }] };
  assert.throws(() => writer.flowMod("add", bad, 2), (error: unknown) => error instanceof EncodeError);
  assert.is(writer.size, size);
  writer.flowMod("add", FLOW, 1);
  const bytes = writer.take();
  assert.is(toHex(bytes.subarray(size)), toHex(bytes.subarray(0, size)));
});

test("errors have names and point at the message that they refuse", () => {
  const refused = encodeFlowMod("add", FLOW, { version: 4, xid: 0xabc });
  const { message } = decode(encode({ type: "error", errorType: 5, code: 1, data: refused.subarray(0, 64) }, { version: 4, xid: 0xabc }));
  if (message.type !== "error") throw new Error(message.type);
  assert.is(errorName(message, 4), "OFPFMFC_TABLE_FULL");
  assert.equal(refusedBy(message), { version: 4, type: 14, length: refused.length, xid: 0xabc });
  assert.is(errorName({ type: "error", errorType: 0xffff, code: 2, experimenter: 0x2320, data: new Uint8Array(0) }, 4), "NXBRC_NXM_INVALID");
  assert.is(errorName({ type: "error", errorType: 99, code: 3, data: new Uint8Array(0) }, 4), "error 99/3");
});

test("a message that this version does not have is refused", () => {
  refuses(() => encode({ type: "table-status", reason: 3, table: { table: 1, config: 0, properties: [] } }, { version: 4, xid: 1 }), "type", /wire version 4/);
  refuses(() => encode({ type: "barrier-request" }, { version: 1 as Version, xid: 1 }), "version", /expected 4, 5 or 6/);
  refuses(() => encode({ type: "echo-request", data: new Uint8Array(65536) }, { version: 4, xid: 1 }), "echo-request", /at most 65535/);
});

test.run();
