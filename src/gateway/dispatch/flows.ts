// SPDX-License-Identifier: Apache-2.0
// Reasons flow and reply: the first packet of a flow that a rule asks about.
import type { Millis } from "quickjs-ts";
import { dissect, Protocol } from "../../packets/index.ts";
import type { Device, Edit, FlowVerdict } from "../../wifi-isolation/index.ts";
import { decide, type Endpoint, type Flow, type World } from "@securebox/contract";
import { askable, questionKey, type Answer, type Asker, type FlowQuestion, type VerdictCache } from "../verdicts/index.ts";
import type { Handling } from "./dispatcher.ts";
import type { HeldFrame } from "./frame.ts";

export interface FlowParts {
  verdicts: VerdictCache;
  asker: Asker;
  byId(id: number): Device | undefined;
  /** The end of a flow that an address stands for. */
  endpointAt(address: string): Endpoint;
  world(): World | undefined;
  edit(edit: Edit): Promise<boolean>;
  /** A verdict closed this flow; `reason` of whoever was asked, for people. */
  denied(question: FlowQuestion, reason?: string): void;
  /** Packets under this key may be looked at again. */
  answered(key: string): void;
  now(): Millis;
}

/** Seconds after which a decided flow without traffic is forgotten, and how long the decision is believed. */
const IDLE_SECONDS = 60;
const FALLBACK_LIFETIME: Millis = 300_000;
const PROTOCOLS: Record<number, Flow["protocol"]> = { [Protocol.TCP]: "tcp", [Protocol.UDP]: "udp", [Protocol.ICMP]: "icmp", [Protocol.ICMPV6]: "icmp" };

/** Throws DecodeError. */
export function handleFlow(parts: FlowParts, frame: HeldFrame, now: Millis): Handling {
  const question = questionOf(frame);
  if (!question) return { act: "drop" };
  const known = parts.verdicts.find(question, now);
  if (known) return known.verdict === "allow" ? { act: "release", inForce: parts.edit({ setVerdicts: [known] }) } : { act: "drop" };
  const key = `flow ${questionKey(question)}`;
  const asked = parts.asker.ask(question, (answer) => {
    void decided(parts, question, answer).then(() => parts.answered(key));
  });
  return asked ? { act: "wait", key } : fallBack(parts, question);
}

/** Nobody answers, or not in time: the rule's fallback decides, and for a while. */
export function fallBack(parts: FlowParts, question: FlowQuestion): Handling {
  const world = parts.world();
  const device = parts.byId(question.device);
  if (!world || !device) return { act: "drop" };
  const { mac, blocked, name } = device;
  const decision = decide({ ...world, from: { kind: "device", mac, blocked, name }, to: parts.endpointAt(question.address), protocol: PROTOCOLS[question.protocol], port: question.port });
  // Not asked any more: the flows that say so are in force or on their way.
  if (decision.verdict !== "ask") return { act: decision.verdict === "allow" ? "release" : "drop" };
  const verdict = decision.fallback ?? "deny";
  return { act: verdict === "allow" ? "release" : "drop", inForce: decided(parts, question, { verdict, lifetime: FALLBACK_LIFETIME }) };
}

function decided(parts: FlowParts, question: FlowQuestion, { verdict, lifetime, reason }: Answer): Promise<boolean> {
  if (verdict === "deny") parts.denied(question, reason);
  const entry: FlowVerdict = { ...question, verdict, idleTimeout: IDLE_SECONDS };
  return parts.edit(parts.verdicts.put(entry, lifetime, parts.now()));
}

/** As `explain` takes it: "tcp/443", "icmp". */
export function serviceOf({ protocol, port }: FlowQuestion): string {
  return `${PROTOCOLS[protocol] ?? protocol}${port === undefined ? "" : `/${port}`}`;
}

/** The flow as its first packet shows it; for reason reply the packet is its answer. undefined: nobody can be asked about it. Throws DecodeError. */
export function questionOf({ reason, bytes, source, destination }: HeldFrame): FlowQuestion | undefined {
  const { network } = dissect(bytes);
  if (network.type !== "ip" || !askable(network.ip.protocol)) return undefined;
  const { ip, upper } = network;
  const reply = reason === "reply";
  const device = reply ? destination : source;
  if (device === 0) return undefined;
  const question: FlowQuestion = { device, address: reply ? ip.source : ip.destination, protocol: ip.protocol };
  const ports = upper.type === "tcp" ? upper.tcp : upper.type === "udp" ? upper.udp : undefined;
  // A later fragment has no ports; a verdict of TCP or UDP is about one.
  if (!ports && (ip.protocol === Protocol.TCP || ip.protocol === Protocol.UDP)) return undefined;
  return ports ? { ...question, port: reply ? ports.sourcePort : ports.destinationPort } : question;
}
