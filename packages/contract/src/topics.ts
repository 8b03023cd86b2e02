// SPDX-License-Identifier: Apache-2.0
// The topics of one gateway: securebox/1/<network>/<gateway>/<channel>. A gateway's identifier is unique in the whole backend.
export const TOPIC_ROOT = "securebox/1";

/** Published by the backend, read by the gateway. The first three are retained. */
export const DOWN = ["desired", "keys", "revocation", "intel", "tell"] as const;
/** Published by the gateway, read by the backend. presence, reported and devices are retained. */
export const UP = ["presence", "hello", "reported", "devices", "event", "ask", "renew"] as const;
export type Down = (typeof DOWN)[number];
export type Up = (typeof UP)[number];
export type Channel = Down | Up;

/** Largest payload that either side accepts, bytes. */
export const MAX_PAYLOAD = 1024 * 1024;

/** Networks and gateways: 1 to 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit (a DNS label, RFC 1035 section 2.3.1). */
export const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export interface TopicParts {
  network: string;
  gateway: string;
  channel: Channel;
}

export function topicOf(network: string, gateway: string, channel: Channel): string {
  return `${TOPIC_ROOT}/${network}/${gateway}/${channel}`;
}

/** undefined: not a topic of ours. */
export function parseTopic(topic: string): TopicParts | undefined {
  const [root, version, network = "", gateway = "", channel, ...rest] = topic.split("/");
  const known = [...DOWN, ...UP].find((name) => name === channel);
  if (`${root}/${version}` !== TOPIC_ROOT || rest.length > 0 || known === undefined) return undefined;
  return NAME.test(network) && NAME.test(gateway) ? { network, gateway, channel: known } : undefined;
}

/** The topic filter that a gateway subscribes for one of its channels is the topic itself; the backend uses "+" for network and gateway. */
export function upFilters(): string[] {
  return UP.map((channel) => topicOf("+", "+", channel));
}
