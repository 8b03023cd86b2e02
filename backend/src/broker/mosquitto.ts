// SPDX-License-Identifier: Apache-2.0
/*
 * What Mosquitto (2.0) needs to guard our topics as the embedded broker does: two listeners. At the gateways' one a certificate of our authority is asked for, its
 * common name is user name and client identifier, and the access list allows exactly the channels of this name. The backend's one trusts a single certificate.
 */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DOWN, MAX_PAYLOAD, topicOf, UP } from "@securebox/contract";
import { BACKEND_ACCOUNT, type OwnPki } from "../pki/index.ts";

export interface MosquittoOptions {
  directory: string;
  /** Names and addresses in the broker's certificate. */
  names: readonly string[];
  gatewayPort: number;
  backendPort: number;
  /** Address on which the listeners are; absent: all. */
  listen?: string;
}

/** Writes mosquitto.conf, the access list, certificates and keys; returns their directory. */
export async function writeMosquitto(pki: OwnPki, options: MosquittoOptions): Promise<string> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true, mode: 0o750 });
  const [server, backend] = [await pki.brokerCertificate(options.names), await pki.clientCertificate()];
  const files: Record<string, string> = {
    "mosquitto.conf": configuration({ ...options, directory }), acl: accessList(), "ca.pem": pki.caPem, "crl.pem": await pki.crl(),
    "server.pem": server.certificate, "server.key": server.key, "backend.pem": backend.certificate, "backend.key": backend.key,
  };
  for (const [name, text] of Object.entries(files)) {
    const file = `${directory}/${name}`;
    await writeFile(file, text, { mode: 0o640 });
    await chmod(file, name === "backend.key" ? 0o600 : 0o640); // an older one keeps its mode otherwise
  }
  return directory;
}

/** %u: the name in the certificate. A network is told apart by the backend, which knows whose a gateway is. */
export function accessList(): string {
  const lines = (access: "read" | "write", channels: readonly (typeof DOWN | typeof UP)[number][]): string[] => channels.map((channel) => `pattern ${access} ${topicOf("+", "%u", channel)}`);
  return `# Written by securebox-backend broker-config.
user ${BACKEND_ACCOUNT}
topic readwrite securebox/1/#

# Gateways
${[...lines("write", UP), ...lines("read", DOWN)].join("\n")}
`;
}

function configuration({ directory, gatewayPort, backendPort, listen }: MosquittoOptions): string {
  const at = listen === undefined ? "" : ` ${listen}`;
  return `# Written by securebox-backend broker-config.
per_listener_settings false
allow_anonymous false
acl_file ${directory}/acl
max_packet_size ${MAX_PAYLOAD + 512}
max_inflight_messages 100
max_queued_messages 10000
persistent_client_expiration 1h
set_tcp_nodelay true
# What is retained is published anew when it is missing.
persistence false
log_dest stderr
log_type error
log_type warning
log_type notice

# Gateways. After a change of crl.pem: kill -HUP
listener ${gatewayPort}${at}
cafile ${directory}/ca.pem
crlfile ${directory}/crl.pem
certfile ${directory}/server.pem
keyfile ${directory}/server.key
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
use_username_as_clientid true

# The backend's processes
listener ${backendPort}${at}
cafile ${directory}/backend.pem
certfile ${directory}/server.pem
keyfile ${directory}/server.key
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
`;
}
