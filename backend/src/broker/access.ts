// SPDX-License-Identifier: Apache-2.0
// Who may use which topic: a gateway its own ones, by name, nothing else. Pure; the same rules are written for Mosquitto in mosquitto.ts.
import { DOWN, NAME, parseTopic, UP, type TopicParts, type Up } from "@securebox/contract";

export interface Identity { gateway: string; network: string; /** Of its certificate, lower-case hexadecimal. */ serial: string }
export type UpTopic = TopicParts & { channel: Up };

/** From a certificate's subject: common name = gateway, organizational unit = network. A string says what is wrong. */
export function identityOf(subject: Record<string, unknown> | undefined, serial: string | undefined): Identity | string {
  const { CN: gateway, OU: network } = subject ?? {};
  if (typeof gateway !== "string" || !NAME.test(gateway)) return "the certificate's common name is no gateway's identifier";
  if (typeof network !== "string" || !NAME.test(network)) return "the certificate's organizational unit is no network";
  if (!serial) return "the certificate has no serial number";
  return { gateway, network, serial: serial.toLowerCase() };
}

/** undefined: not one on which this gateway speaks. */
export function mayPublish(identity: Identity, topic: string): UpTopic | undefined {
  const parts = ownTopic(identity, topic);
  return parts && UP.some((channel) => channel === parts.channel) ? (parts as UpTopic) : undefined;
}

/** Wildcards, $share and $SYS are no topics of ours and fall with the rest. */
export function maySubscribe(identity: Identity, filter: string): boolean {
  const parts = ownTopic(identity, filter);
  return parts !== undefined && DOWN.some((channel) => channel === parts.channel);
}

export function mayBeWill(identity: Identity, topic: string): boolean {
  return ownTopic(identity, topic)?.channel === "presence";
}

function ownTopic({ gateway, network }: Identity, topic: string): TopicParts | undefined {
  const parts = parseTopic(topic);
  return parts && parts.gateway === gateway && parts.network === network ? parts : undefined;
}
