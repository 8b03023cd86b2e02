// SPDX-License-Identifier: Apache-2.0
// Says over the real link what a gateway says, from a real enrolment on; it enforces nothing.
import { decodeMessage, encodeMessage, topicOf, type Ack, type Channel, type Devices, type Enrolled, type GatewayEvent, type Reported, type SignedDocument, type Up } from "@securebox/contract";
import type { IClientOptions, MqttClient } from "mqtt";
import { connect, makeRequest } from "../broker/fixture.ts";

export interface FakeGateway {
  /** Desired documents as they came. */
  desired: SignedDocument<"desired">[];
  presence(state: "online" | "offline"): Promise<void>;
  reported(more: Partial<Reported>): Promise<void>;
  devices(devices: Devices["devices"]): Promise<void>;
  /** Resolves when the backend says that it is stored; said again each 2 s until then, as the link does. */
  event(event: string, fields: GatewayEvent["fields"]): Promise<void>;
  readonly connected: boolean;
  close(): Promise<void>;
  /** Another connection with the same certificate, closed again. Rejects with why it was refused. */
  reconnect(): Promise<void>;
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
  const options: IClientOptions = { host: hostname, port: Number(port), protocol: "mqtts", ca, key, cert: certificate, clientId: gateway, protocolVersion: 4, clean: true, reconnectPeriod: 0, connectTimeout: 10_000 };
  const client: MqttClient = await connect(options);
  const desired: SignedDocument<"desired">[] = [];
  let stored = -1;
  client.on("message", (topic, payload) => {
    const message = topic.endsWith("/tell") ? decodeMessage(payload, ["ack"]) : undefined;
    if (message?.ok) stored = Math.max(stored, (message.envelope.body as Ack).stored);
    if (topic.endsWith("/desired") && payload.length > 0) desired.push(JSON.parse(payload.toString()));
  });
  await client.subscribeAsync([topicOf(network, gateway, "desired"), topicOf(network, gateway, "tell")], { qos: 1 });
  const stream = `fake-${Date.now()}`;
  let n = 0;
  let events = 0;
  const say = async (channel: Up & Channel, type: Parameters<typeof encodeMessage>[0]["type"], body: unknown, retain: boolean): Promise<void> =>
    void (await client.publishAsync(topicOf(network, gateway, channel), Buffer.from(encodeMessage({ type, id: `m${n++}`, body } as never)), { qos: 1, retain }));
  return {
    desired,
    get connected() { return client.connected; },
    presence: (state) => say("presence", "presence", state === "online" ? { state } : { state, reason: "stopped" }, true),
    reported: (more) => say("reported", "reported", {
      policy: { source: "none", problems: [], unenforced: [], ignored: [] }, gateway: { version: "0.1.0", engine: "fake", started: Date.now() }, switch: { state: "ready", bridge: "br-secure", ports: [{ name: "wlan0", role: "stations", number: 1 }] },
      healthy: true, problems: [], overrides: [], keys: [], clock: "trusted", eventsLost: 0, ...more,
    } satisfies Reported, true),
    devices: (devices) => say("devices", "devices", { devices }, true),
    async event(event, fields) {
      const n = events++;
      const message = { stream, events: [{ n, at: Date.now(), level: "info", event, fields }] };
      for (let tries = 0; stored < n && tries < 10; tries++) {
        await say("event", "events", message, false);
        for (const end = Date.now() + 2_000; stored < n && Date.now() < end; ) await new Promise((done) => setTimeout(done, 5));
      }
      if (stored < n) throw new Error(`event ${n} was not acknowledged`);
    },
    close: () => client.endAsync(!client.connected), // an orderly end needs a connection
    reconnect: async () => (await connect(options)).endAsync(),
  };
}
