// SPDX-License-Identifier: Apache-2.0
// Names by mDNS: learnt from responses about the device's own addresses, cleaned, bounded, compared with others'.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dnsMessage, encodeDns, type DnsRecord } from "../../../packets/index.ts";
import { udp } from "../../../wifi-isolation/fake/frames.ts";
import { device, macOf } from "../../../wifi-isolation/fake/scenario.ts";
import { AnnouncedNames } from "../announced.ts";

const test = suite("gateway: announced names");
const GROUP = { mac: "01:00:5e:00:00:fb", ip: "224.0.0.251" };
const [one, two] = [device(1), device(2)];

function record(name: string, address = one.addresses[0]!, ttl = 120): DnsRecord {
  return { name, class: 0x8001, ttl, data: { type: "address", address } };
}

interface Given { answers?: DnsRecord[]; additionals?: DnsRecord[]; response?: boolean; port?: number; from?: typeof one }

function said({ answers = [], additionals = [], response = true, port = 5353, from = one }: Given): Uint8Array {
  return udp({ from: { mac: from.mac, ip: from.addresses[0]! }, to: GROUP }, port, 5353, [...encodeDns(dnsMessage({ response, answers, additionals }))]);
}

function learnt(given: Given): string | undefined {
  const names = new AnnouncedNames(10);
  names.hear(one, said(given), 0);
  return names.namesOf([one, two]).get(one.mac)?.name;
}

test("the name of its own address, in answers or beside them, by either family", () => {
  assert.is(learnt({ answers: [record("Printer.local")] }), "Printer");
  assert.is(learnt({ additionals: [record("printer.LOCAL", one.addresses[1]!)] }), "printer");
  assert.is(learnt({ answers: [record("tv.local", two.addresses[0]!), record("mine.local")] }), "mine");
});

test("not of another's address, another domain, a question, a goodbye, another port, or a broken message", () => {
  assert.is(learnt({ answers: [record("printer.local", two.addresses[0]!)] }), undefined);
  assert.is(learnt({ answers: [record("printer.example.org")] }), undefined);
  assert.is(learnt({ answers: [record("printer.local")], response: false }), undefined);
  assert.is(learnt({ answers: [record("printer.local", one.addresses[0]!, 0)] }), undefined);
  assert.is(learnt({ answers: [record("printer.local")], port: 5354 }), undefined);
  const names = new AnnouncedNames(10);
  const whole = said({ answers: [record("printer.local")] });
  for (let size = 0; size < whole.length; size++) assert.not(names.hear(one, whole.subarray(0, size), size * 1000), `${size} bytes`);
});

test("control characters, other alphabets and dots become question marks; sixty-three characters at most", () => {
  assert.is(learnt({ answers: [record("a\\027[31mred\\000.local")] }), "a?31mred?");
  assert.is(learnt({ answers: [record("a.b.local")] }), "a?b");
  assert.is(learnt({ answers: [record("\\195\\164.local")] }), undefined);
  assert.is(learnt({ answers: [record(`${"x".repeat(40)}.${"y".repeat(40)}.local`)] })!.length, 63);
});

test("who looks like another's name, leased or announced, is told; one alone is not", () => {
  const names = new AnnouncedNames(10);
  const printer = { ...two, name: "Office-Printer" };
  names.hear(one, said({ answers: [record("0ff1ce-pr1nter.local")] }), 0);
  assert.equal(names.namesOf([one, printer]).get(one.mac), { name: "0ff1ce-pr1nter", alike: macOf(2) });
  assert.equal(names.namesOf([one, two]).get(one.mac), { name: "0ff1ce-pr1nter" });
  names.hear(two, said({ answers: [record("office_printer.local", two.addresses[0]!)], from: two }), 0);
  assert.equal([...names.namesOf([one, two]).values()].map(({ alike }) => alike), [macOf(2), macOf(1)]);
});

test("frames and names are bounded; the last name counts", () => {
  const names = new AnnouncedNames(3);
  let changed = 0;
  for (let n = 0; n < 1000; n++) if (names.hear(one, said({ answers: [record(`n${n}.local`)] }), 0)) changed++;
  assert.is(changed, 40);
  assert.is(names.namesOf([one]).get(one.mac)?.name, "n39");
  assert.not(names.hear(one, said({ answers: [record("n39.local")] }), 1000), "the same");
  for (let id = 2; id <= 4; id++) names.hear(device(id), said({ answers: [record("x.local", device(id).addresses[0]!)], from: device(id) }), 2000);
  assert.equal([...names.namesOf([1, 2, 3, 4].map((id) => device(id))).keys()], [2, 3, 4].map(macOf));
});

test.run();
