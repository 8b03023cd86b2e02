// SPDX-License-Identifier: Apache-2.0
// `securebox explain A B [PROTO/PORT]`: what people write for an end becomes an end of a flow; the policy's meaning answers.
import { decide, type Decision, type Endpoint, type Flow, type Policy, type Question, type RuleLines } from "@securebox/contract";
import { isMulticast, normaliseIp, inPrefix } from "../packets/ip.ts";
import { explain as inSentences, reachBetween } from "../wifi-isolation/explain.ts";
import type { Device, Ip, Override } from "../wifi-isolation/network.ts";
import { ControlFailure, type ExplainParams, type ExplainResult } from "./control/protocol.ts";

/** What answers rest on. */
export interface Known {
  policy: Policy | undefined;
  lines?: RuleLines;
  overrides: readonly Override[];
  devices: readonly Device[];
  prefixes: readonly string[];
  gateways: readonly Ip[];
  resolvers: readonly Ip[];
  /** Names that the resolvers' answers gave for an address. */
  namesOf(address: Ip): string[];
}

export function explain(known: Known, { a, b, service }: ExplainParams): ExplainResult {
  const ends = { from: resolveEndpoint(known, a), to: resolveEndpoint(known, b) };
  const asked = service === undefined ? {} : { service };
  if (!known.policy) {
    const reason = "no policy is in force: everything is denied";
    return { a, b, ...asked, verdict: "deny", allowed: false, because: "no policy", reason, lines: [reason] };
  }
  const question: Question = { policy: known.policy, lines: known.lines, overrides: known.overrides, resolvers: known.resolvers, ...ends, ...(service === undefined ? {} : parseFlow(service)) };
  const decision = decide(question);
  const anything = service === undefined && reachBetween(question, ends.from, ends.to).allowed.length > 0;
  return {
    a, b, ...asked, verdict: decision.verdict, allowed: anything || isAllowed(decision), because: decision.because, reason: decision.reason,
    ...(decision.rule === undefined ? {} : { rule: decision.rule, ruleText: JSON.stringify(known.policy.rules[decision.rule]) }),
    lines: inSentences(question),
  };
}

function isAllowed({ verdict, fallback }: Decision): boolean {
  return verdict === "allow" || (verdict === "ask" && fallback === "allow");
}

/** A device by name, MAC or IP address; "internet", "gateway"; an outside address or DNS name. Throws ControlFailure "not-found". */
export function resolveEndpoint(known: Known, text: string): Endpoint {
  if (text === "internet") return { kind: "internet" };
  if (text === "gateway") return { kind: "gateway", address: known.gateways[0] };
  const device = findDevice(known.devices, text);
  if (device) return { kind: "device", mac: device.mac, address: normaliseIp(text) ?? device.addresses[0], blocked: device.blocked, name: device.name };
  const mac = text.toLowerCase();
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)) return { kind: "device", mac };
  const address = normaliseIp(text);
  if (address !== undefined) return outsideDevices(known, address);
  if (/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+\.?$/.test(text)) return { kind: "internet", names: [text.toLowerCase().replace(/\.$/, "")] };
  throw new ControlFailure("not-found", `no device has the name, MAC or IP address "${text}"`);
}

/** What an address that no device has stands for. */
export function outsideEndpoint(known: Pick<Known, "gateways" | "namesOf">, address: Ip): Endpoint {
  if (known.gateways.includes(address)) return { kind: "gateway", address };
  return { kind: "internet", address, names: known.namesOf(address) };
}

function outsideDevices(known: Known, address: Ip): Endpoint {
  const end = outsideEndpoint(known, address);
  if (end.kind === "internet" && (isMulticast(address) || known.prefixes.some((prefix) => inPrefix(address, prefix)))) throw new ControlFailure("not-found", `no device has the address ${address}`);
  return end;
}

/** By MAC, by address, by name (any case). A name that several devices have names none: they choose it themselves. */
export function findDevice(devices: readonly Device[], text: string): Device | undefined {
  const lower = text.toLowerCase();
  const address = normaliseIp(text);
  const exact = devices.find((device) => device.mac === lower || (address !== undefined && device.addresses.includes(address)));
  if (exact) return exact;
  const named = devices.filter((device) => device.name?.toLowerCase() === lower);
  if (named.length > 1) throw new ControlFailure("not-found", `${named.length} devices call themselves "${text}": ${named.map((device) => device.mac).join(", ")}; name one by its MAC address`);
  return named[0];
}

/** "tcp/631", "udp", "icmp", "mdns": one protocol and at most one port. Throws ControlFailure "bad-request". */
export function parseFlow(text: string): Flow {
  if (text === "all" || text === "any") return {};
  const match = /^(tcp|udp)(?:\/(\d{1,5}))?$|^(icmp|mdns|ssdp)$/.exec(text.toLowerCase());
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (!match || (port !== undefined && (port === 0 || port > 65_535))) throw new ControlFailure("bad-request", `"${text}": expected tcp/PORT, udp/PORT, tcp, udp, icmp, mdns or ssdp`);
  return { protocol: (match[1] ?? match[3]) as Flow["protocol"], port };
}
