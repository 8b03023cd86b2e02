// SPDX-License-Identifier: Apache-2.0
// The command `broker-config`: everything that Mosquitto needs, from our authority.
import { mkdir } from "node:fs/promises";
import { ConfigError, readConfig, type Environment } from "./config.ts";
import { writeMosquitto } from "./broker/mosquitto.ts";
import { openPki, serverNames } from "./pki/index.ts";
import { keepRecoveryKey, locationOf } from "./start.ts";
import { openDatabase } from "./store/index.ts";

const BACKEND_PORT = 8884;

export const BROKER_CONFIG_HELP = `Usage: securebox-backend broker-config DIR [--backend-port PORT] [--mqtt-port PORT] [--listen ADDRESS] [--name HOST] [--data DIR] [--database-url URL]

Writes into DIR what a Mosquitto (2.0) needs to serve this backend and its gateways: mosquitto.conf, an access list that ties each certificate to its
own topics, certificates and keys from this backend's authority, and the list of revoked certificates. Prints how to go on.

  --backend-port PORT   where the backend's own processes connect (default ${BACKEND_PORT})
  --mqtt-port PORT      where gateways connect (default 8883)
  --listen ADDRESS      address of the broker's machine on which both are (default: all)
  --name HOST           name or address of the broker, for its certificate; repeat it for more
  --data, --database-url as for "start". A backend on the embedded database must not run meanwhile.

Exit status: 0 written, 2 wrong usage, 3 the database or DIR cannot be used.
`;

/** Throws ConfigError, DatabaseError or the system's error. */
export async function brokerConfig(argv: readonly string[], environment: Environment, print: (text: string) => void): Promise<void> {
  const { directory, backendPort, rest } = readArguments(argv);
  const config = readConfig(rest, environment);
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  const database = await openDatabase(locationOf(config));
  try {
    const pki = await openPki({ database, names: config.names, keepRecoveryKey: (key) => keepRecoveryKey(config, key, (line) => print(`${line}\n`)) });
    const listen = rest.some((word) => word.startsWith("--listen")) || environment.SECUREBOX_LISTEN ? config.listen : undefined;
    const written = await writeMosquitto(pki, { directory, names: serverNames(config.names), gatewayPort: config.mqttPort, backendPort, listen });
    await pki.close();
    print(nextSteps(written, config.names[0]!, config.mqttPort, backendPort));
  } finally {
    await database.close();
  }
}

function readArguments(argv: readonly string[]): { directory: string; backendPort: number; rest: string[] } {
  const rest = [...argv];
  const directory = rest[0]?.startsWith("-") === false ? rest.shift()! : undefined;
  if (directory === undefined) throw new ConfigError("broker-config: where to write comes first: securebox-backend broker-config DIR");
  const at = rest.findIndex((word) => word === "--backend-port" || word.startsWith("--backend-port="));
  if (at < 0) return { directory, backendPort: BACKEND_PORT, rest };
  const [word, following] = rest.slice(at, at + 2);
  const inline = word!.split("=")[1];
  rest.splice(at, inline === undefined ? 2 : 1);
  const text = inline ?? following ?? "";
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535) throw new ConfigError(`--backend-port ${text.slice(0, 40)}: expected a whole number from 1 to 65535`);
  return { directory, backendPort: Number(text), rest };
}

function nextSteps(directory: string, name: string, gatewayPort: number, backendPort: number): string {
  const host = name.includes(":") ? `[${name}]` : name;
  return `Written to ${directory}. Mosquitto's user has to be able to read it (chown -R mosquitto ${directory}). Then:

  mosquitto -c ${directory}/mosquitto.conf
  securebox-backend start --name ${name} --broker-url mqtts://${host}:${backendPort} --broker-cert ${directory}/backend.pem --broker-key ${directory}/backend.key \\
    --mqtt-url mqtts://${host}:${gatewayPort} --broker-crl ${directory}/crl.pem --broker-reload 'kill -HUP $(pidof mosquitto)'

The last two options keep the list of revoked certificates up to date; that process has to be able to write there. Without them, crl.pem is good for 30 days, and a gateway that
is revoked later is in a newer one: each hour, say,
  curl -fsS -o ${directory}/crl.pem --cacert ${directory}/ca.pem https://${host}:8443/crl.pem && kill -HUP "$(pidof mosquitto)"
`;
}
