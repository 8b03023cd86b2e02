// SPDX-License-Identifier: Apache-2.0
// Says over the real link what a gateway says, from a real enrolment on; it enforces nothing.
import { encodeMessage, topicOf, type Channel, type Devices, type Enrolled, type GatewayEvent, type Reported, type SignedDocument, type Up } from "@securebox/contract";
import type { MqttClient } from "mqtt";
import { connect, makeRequest } from "../broker/fixture.ts";

export interface FakeGateway {
  /** Desired documents as they came. */
  desired: SignedDocument<"desired">[];
  presence(state: "online" | "offline"): Promise<void>;
  reported(more: Partial<Reported>): Promise<void>;
  devices(devices: Devices["devices"]): Promise<void>;
  event(event: string, fields: GatewayEvent["fields"]): Promise<void>;
  close(): Promise<void>;
}

/** `ask` sends an HTTPS request to the backend's API. */
export type Post = (path: string, body: unknown) => Promise<any>;

/** `token` as the console shows it. */
export async function enrolFakeGateway(token: string, post: Post): Promise<FakeGateway> {
  const { s: secret } = JSON.parse(Buffer.from(token.replace(/^sbx1\./, ""), "base64url").toString()) as { s: string };
  const { csr, key } = await makeRequest();
  return connected(await post("/api/v1/enrol", { secret, csr }), key);
}

async function connected({ network, gateway, broker, certificate, ca }: Enrolled, key: string): Promise<FakeGateway> {
  const { hostname, port } = new URL(broker.replace("mqtts:", "https:"));
  const client: MqttClient = await connect({ host: hostname, port: Number(port), protocol: "mqtts", ca, key, cert: certificate, clientId: gateway, protocolVersion: 4, clean: true, reconnectPeriod: 0, connectTimeout: 10_000 });
  const desired: SignedDocument<"desired">[] = [];
  client.on("message", (topic, payload) => { if (topic.endsWith("/desired")) desired.push(JSON.parse(payload.toString())); });
  await client.subscribeAsync([topicOf(network, gateway, "desired"), topicOf(network, gateway, "tell")], { qos: 1 });
  let n = 0;
  let events = 0;
  const say = async (channel: Up & Channel, type: Parameters<typeof encodeMessage>[0]["type"], body: unknown, retain: boolean): Promise<void> =>
    void (await client.publishAsync(topicOf(network, gateway, channel), Buffer.from(encodeMessage({ type, id: `m${n++}`, body } as never)), { qos: 1, retain }));
  return {
    desired,
    presence: (state) => say("presence", "presence", state === "online" ? { state } : { state, reason: "stopped" }, true),
    reported: (more) => say("reported", "reported", {
      policy: { source: "none", problems: [], unenforced: [], ignored: [] }, gateway: { version: "0.1.0", engine: "fake", started: Date.now() }, switch: { state: "ready", bridge: "br-secure", ports: [{ name: "wlan0", role: "stations", number: 1 }] },
      healthy: true, problems: [], overrides: [], keys: [], clock: "trusted", eventsLost: 0, ...more,
    } satisfies Reported, true),
    devices: (devices) => say("devices", "devices", { devices }, true),
    event: (event, fields) => say("event", "events", { stream: "fake", events: [{ n: events++, at: Date.now(), level: "info", event, fields }] }, false),
    close: () => client.endAsync(),
  };
}
