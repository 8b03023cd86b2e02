// SPDX-License-Identifier: Apache-2.0
// DNS against a given resolver, and discovery by multicast (mDNS, SSDP): asking and answering.
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { connect } from "node:net";

/** All A or AAAA records of a name, as the network's resolver says. */
export async function lookup({ name, type, server, deadline = 1000 }: { name: string; type: "A" | "AAAA"; server: string; deadline?: number }): Promise<string[]> {
  const resolver = new Resolver({ timeout: deadline, tries: 1 });
  resolver.setServers([server]);
  return type === "A" ? resolver.resolve4(name) : resolver.resolve6(name);
}

/** Asks for the A records over TCP (RFC 7766), as programs do after a truncated answer; the number of answers. */
export function lookupByTcp({ name, server, deadline = 1000 }: { name: string; server: string; deadline?: number }): Promise<number> {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const question = Buffer.concat([Buffer.from("123401000001000000000000", "hex"), ...labels, Buffer.from("0000010001", "hex")]);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server, port: 53 }, () => socket.write(Buffer.concat([Buffer.of(question.length >> 8, question.length & 255), question])));
    const end = (settle: () => void): void => (clearTimeout(timer), socket.destroy(), settle());
    const timer = setTimeout(() => end(() => reject(new Error("timeout"))), deadline);
    let heard = Buffer.alloc(0);
    socket.on("error", (error) => end(() => reject(error))).on("data", (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      if (heard.length >= 14 && heard.length >= 2 + heard.readUInt16BE(0)) end(() => resolve(heard.readUInt16BE(8)));
    });
  });
}

const discovery = {
  mdns: { group: "224.0.0.251", port: 5353, question: dnsQuestion(), answer: Buffer.from("0000840000000001000000000470697070", "hex") },
  ssdp: { group: "239.255.255.250", port: 1900, question: Buffer.from("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n"), answer: Buffer.from("HTTP/1.1 200 OK\r\nST: ssdp:all\r\n\r\n") },
};

/** PTR question for _ipp._tcp.local (RFC 6762 section 5.1: a one-shot query from a port other than 5353 is answered by unicast). */
function dnsQuestion(): Buffer {
  return Buffer.concat([Buffer.from("000000000001000000000000", "hex"), Buffer.from("\x04_ipp\x04_tcp\x05local\0"), Buffer.from("000c0001", "hex")]);
}

/**
 * With `answer`, joins the group and answers questions from then on. Else asks, and returns the addresses that answered within `deadline`.
 * `interface` is our own IPv4 address.
 */
export function discover({ protocol, answer, interface: local, deadline = 500 }: { protocol: "mdns" | "ssdp"; answer?: boolean; interface: string; deadline?: number }): Promise<string[]> {
  const { group, port, question, answer: reply } = discovery[protocol];
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  return new Promise((resolve, reject) => {
    const found: string[] = [];
    socket.on("error", reject).on("message", (_, from) => (answer ? socket.send(reply, from.port, from.address) : found.push(from.address)));
    socket.bind(answer ? port : 0, () => {
      socket.setMulticastInterface(local);
      if (answer) return socket.addMembership(group, local), resolve([]);
      const ask = (): void => socket.send(question, port, group);
      ask();
      const again = setInterval(ask, 150); // RFC 6762 section 5.2: a question is repeated
      setTimeout(() => (clearInterval(again), socket.close(), resolve([...new Set(found)])), deadline);
    });
  });
}
