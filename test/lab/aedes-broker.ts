// SPDX-License-Identifier: Apache-2.0
/*
 * aedes as it comes, over TLS with client certificates, for tests of clients: node tools/run.mjs test/lab/aedes-broker.ts DIRECTORY
 * Serves by DIRECTORY's good.crt, wants certificates of its ca.crt, refuses subscriptions below secret/, and prints "listening PORT".
 */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { Aedes } from "aedes";

const [directory] = process.argv.slice(2);
const pem = (name: string): Buffer => readFileSync(`${directory}/${name}`);

async function serve(): Promise<void> {
  const broker = await Aedes.createBroker({
    authorizeSubscribe: (_client, subscription, done) => done(null, subscription.topic.startsWith("secret/") ? null : subscription),
  });
  const server = createServer({ cert: pem("good.crt"), key: pem("good.key"), ca: pem("ca.crt"), requestCert: true, rejectUnauthorized: true }, (socket) => broker.handle(socket));
  server.on("tlsClientError", () => {}); // the client is told by the handshake
  server.listen(0, "127.0.0.1", () => process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`));
}

void serve();
