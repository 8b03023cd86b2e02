// SPDX-License-Identifier: Apache-2.0
// The services of a rule's `allow`: text <-> term. A term has one canonical text, which is what a validated policy holds.
import { parsePrefix, type Parsed } from "./address.ts";
import { parseDnsPattern } from "./dns-pattern.ts";
import { nearest } from "./nearest.ts";
import type { ServiceTerm } from "./policy.ts";
import { quote } from "./problem.ts";

type Traffic = Extract<ServiceTerm, { kind: "traffic" }>;
type Ports = { first: number; last: number };

export const SERVICE_FORMS =
  'all, tcp, udp, icmp, tcp/PORT, udp/FIRST-LAST, mdns, ssdp, and for "to: internet" an address, a prefix, ADDRESS:PORT, dns:NAME or tcp/PORT@any of these';

/** What people write for a service that has another name here. */
const SYNONYMS: Record<string, string> = {
  any: "all", "*": "all", everything: "all", ping: "icmp", icmpv6: "icmp", bonjour: "mdns", avahi: "mdns", zeroconf: "mdns", upnp: "ssdp",
  http: "tcp/80", https: "tcp/443", ssh: "tcp/22", ftp: "tcp/21", telnet: "tcp/23", smtp: "tcp/25", dns: "udp/53", ntp: "udp/123", imaps: "tcp/993",
  ipp: "tcp/631", smb: "tcp/445", rtsp: "tcp/554", rdp: "tcp/3389", mqtt: "tcp/1883", mqtts: "tcp/8883", sip: "udp/5060", jetdirect: "tcp/9100",
};

const synonymOf = (word: string): string | undefined => (Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined);

/** Understands one service. Nothing is trimmed: blanks are a mistake. */
export function parseService(text: string): Parsed<ServiceTerm> {
  if (text === "all") return { ok: true, value: { kind: "all" } };
  if (text === "mdns" || text === "ssdp") return { ok: true, value: { kind: "discovery", protocol: text } };
  const at = text.indexOf("@");
  if (at >= 0) return parseTrafficAt(text, text.slice(0, at), text.slice(at + 1));
  if (/^(tcp|udp|icmp)(\/|$)/.test(text)) return parseTraffic(text);
  return parseRemote(text) ?? notService(text);
}

function parseTrafficAt(text: string, traffic: string, remote: string): Parsed<ServiceTerm> {
  const left = parseTraffic(traffic);
  if (!left.ok) return left;
  const right = parseRemote(remote);
  if (!right) return { ok: false, message: `${quote(remote)} in ${quote(text)} is neither an address, a prefix nor dns:NAME`, expected: "for example tcp/443@192.0.2.0/24 or tcp/443@dns:example.org" };
  if (!right.ok) return right;
  if (right.value.ports) return { ok: false, message: `${quote(text)} names ports twice`, expected: "them before the @ only" };
  return { ok: true, value: { ...left.value, ...right.value } };
}

/** "tcp", "tcp/631", "udp/5000-5010", "icmp". */
function parseTraffic(text: string): Parsed<Traffic> {
  const match = /^(tcp|udp|icmp)(?:\/(.*))?$/.exec(text);
  if (!match) return notService(text);
  const protocol = match[1] as "tcp" | "udp" | "icmp";
  if (match[2] === undefined) return { ok: true, value: { kind: "traffic", protocol } };
  if (protocol === "icmp") return { ok: false, message: `${quote(text)}: icmp has no ports`, expected: "icmp", suggestion: "icmp" };
  const ports = parsePorts(match[2], text, protocol);
  return ports.ok ? { ok: true, value: { kind: "traffic", protocol, ports: ports.value } } : ports;
}

function parsePorts(digits: string, text: string, protocol = "tcp"): Parsed<Ports> {
  const expected = `${protocol}/PORT or ${protocol}/FIRST-LAST with ports from 1 to 65535`;
  const match = /^(\d+)(?:-(\d+))?$/.exec(digits);
  if (!match) {
    const several = /^\d+([, ]+\d+)+$/.test(digits);
    return { ok: false, message: several ? `${quote(text)} lists several ports` : `${quote(text)} has no port number`, expected: several ? "one service for each" : expected, suggestion: synonymOf(digits.toLowerCase()) };
  }
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  const outside = [first, last].find((port) => port < 1 || port > 65535);
  if (outside !== undefined) return { ok: false, message: `${quote(text)}: port ${outside} does not exist`, expected };
  if (first > last) return { ok: false, message: `${quote(text)}: the range is reversed`, expected, suggestion: text.replace(digits, `${last}-${first}`) };
  return { ok: true, value: { first, last } };
}

/** An end on the internet: a prefix, an address with or without ports, or a DNS pattern. Undefined when it looks like none of them. */
function parseRemote(text: string): Parsed<Traffic> | undefined {
  if (text.startsWith("dns:")) {
    const pattern = parseDnsPattern(text.slice(4));
    return pattern.ok ? { ok: true, value: { kind: "traffic", name: pattern.value } } : pattern;
  }
  const withPorts = /^\[([^\]]*)\](?::(.*))?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+(?:\/\d+)?):(.*)$/.exec(text);
  const prefix = parsePrefix(withPorts ? withPorts[1]! : text);
  if (!prefix?.ok) return prefix;
  if (withPorts?.[2] === undefined) return { ok: true, value: { kind: "traffic", prefix: prefix.value } };
  const ports = parsePorts(withPorts[2], text);
  return ports.ok ? { ok: true, value: { kind: "traffic", prefix: prefix.value, ports: ports.value } } : ports;
}

function notService(text: string): Parsed<never> {
  const failure = { ok: false as const, message: `${quote(text)} is not a service`, expected: SERVICE_FORMS };
  const suggestion = guessService(text);
  return suggestion === undefined ? failure : { ...failure, suggestion };
}

function guessService(text: string): string | undefined {
  const lower = text.trim().toLowerCase();
  if (synonymOf(lower) !== undefined) return synonymOf(lower);
  if (lower !== text && parseService(lower).ok) return lower;
  if (/^\d+(-\d+)?$/.test(lower)) return `tcp/${lower}`;
  const swapped = /^(\d+(?:-\d+)?)[/: ](tcp|udp)$/.exec(lower);
  if (swapped) return `${swapped[2]}/${swapped[1]}`;
  const parts = /^([a-z]+)[/:. ]?(.*)$/.exec(lower);
  const protocol = parts?.[1] && nearest(parts[1], ["tcp", "udp", "icmp", "mdns", "ssdp", "all"]);
  if (protocol) {
    const guess = parts[2] ? `${protocol}/${parts[2]}` : protocol;
    if (parseService(guess).ok) return guess;
  }
  return /^(\*\.)?([a-z0-9_-]+\.)+[a-z]{2,}$/.test(lower) ? `dns:${lower}` : undefined;
}

/** The canonical text of a term; `parseService` of it gives the term again. */
export function formatService(term: ServiceTerm): string {
  if (term.kind === "all") return "all";
  if (term.kind === "discovery") return term.protocol;
  const remote = term.name !== undefined ? `dns:${term.name}` : term.prefix?.replace(/^([\d.]+)\/32$|^(.*:.*)\/128$/, "$1$2");
  if (term.protocol === undefined) return formatAddressPorts(remote ?? "all", term.ports);
  const traffic = term.ports ? `${term.protocol}/${formatPorts(term.ports)}` : term.protocol;
  return remote === undefined ? traffic : `${traffic}@${remote}`;
}

function formatAddressPorts(remote: string, ports: Ports | undefined): string {
  if (!ports) return remote;
  return `${remote.includes(":") ? `[${remote}]` : remote}:${formatPorts(ports)}`;
}

function formatPorts(ports: Ports): string {
  return ports.first === ports.last ? String(ports.first) : `${ports.first}-${ports.last}`;
}
