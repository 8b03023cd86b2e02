// SPDX-License-Identifier: Apache-2.0
// Reason dns: an answer of a believed resolver, held until the addresses in it are in force.
import type { Millis } from "quickjs-ts";
import { decodeDns, dissect, type Dns } from "../../packets/index.ts";
import type { DnsStreams, NameOutcome, NameTable } from "../names/index.ts";
import type { Handling } from "./dispatcher.ts";
import type { HeldFrame } from "./frame.ts";

export interface NameParts {
  names: NameTable;
  streams: DnsStreams;
  /** Does what outcomes say; undefined when nothing must change in the switch. */
  namesChanged(outcomes: readonly NameOutcome[]): Promise<boolean> | undefined;
}

/** What cannot be read is released without being believed: it opens nothing. */
export function handleName(parts: NameParts, frame: HeldFrame, now: Millis): Handling {
  const outcomes = messagesIn(parts.streams, frame, now).map((message) => parts.names.answer(message, now));
  return { act: "release", inForce: parts.namesChanged(outcomes) };
}

function messagesIn(streams: DnsStreams, { bytes, destination }: HeldFrame, now: Millis): Dns[] {
  const { network } = dissect(bytes);
  if (network.type !== "ip") return [];
  const { ip, upper } = network;
  if (upper.type === "udp") return decodeEach([upper.udp.payload]);
  if (upper.type !== "tcp") return [];
  const key = `${ip.source} ${upper.tcp.sourcePort} ${ip.destination} ${upper.tcp.destinationPort}`;
  return decodeEach(streams.segment(destination, key, upper.tcp, now));
}

function decodeEach(messages: readonly Uint8Array[]): Dns[] {
  return messages.flatMap((message) => {
    try {
      return [decodeDns(message)];
    } catch {
      return []; // DecodeError: of a truncated or foreign message nothing is believed
    }
  });
}
