// SPDX-License-Identifier: Apache-2.0
// The policy's own answer, by the meaning that gateways enforce.
import { decide, type Decision, type Endpoint, type Flow, type Policy } from "@securebox/contract";
import type { FlowQuestion } from "./rows.ts";

/** IANA protocol numbers: ICMP, TCP, UDP, ICMP for IPv6. */
const PROTOCOLS: Record<number, Flow["protocol"]> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmp" };

/** `deviceAt`: the device of the network that has an address, at whichever gateway. */
export function byPolicy(policy: Policy, question: FlowQuestion, deviceAt: (address: string) => string | undefined): Decision {
  const { device, deviceName, address, names, protocol, port } = question;
  const peer = question.peer ?? deviceAt(address);
  const to: Endpoint = peer === undefined ? { kind: "internet", address, names } : { kind: "device", mac: peer, address };
  return decide({ policy, from: { kind: "device", mac: device, name: deviceName }, to, protocol: PROTOCOLS[protocol], port });
}
