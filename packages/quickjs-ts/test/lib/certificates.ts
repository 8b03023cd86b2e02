// SPDX-License-Identifier: Apache-2.0
/* A certificate authority and its certificates, made by openssl for one run of the tests. */
import { platform } from "quickjs-ts/platform";
import { run } from "./streams.ts";

async function openssl(...argv: string[]): Promise<void> {
  const { code, stderr } = await run(["openssl", ...argv]);
  if (code !== 0) throw new Error(`openssl ${argv.join(" ")}: ${stderr}`);
}

/** `NAME.key` and `NAME.crt` signed by `ca`; `days` may be negative for one that has expired. */
async function certificate(directory: string, name: string, ca: string, subject: string, days: string, usage?: string): Promise<void> {
  const path = `${directory}/${name}`;
  const extensions = `subjectAltName=${/^[\d.]+$/.test(subject) ? "IP" : "DNS"}:${subject}${usage ? `\nextendedKeyUsage=${usage}` : ""}`;
  platform.files.replace(`${path}.ext`, extensions);
  await openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${path}.key`, "-out", `${path}.csr`, "-subj", `/CN=${subject}`);
  await openssl("x509", "-req", "-in", `${path}.csr`, "-CA", `${directory}/${ca}.crt`, "-CAkey", `${directory}/${ca}.key`, "-CAcreateserial", "-days", days, "-extfile", `${path}.ext`, "-out", `${path}.crt`);
}

async function authority(directory: string, name: string): Promise<void> {
  await openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${directory}/${name}.key`, "-out", `${directory}/${name}.crt`, "-subj", `/CN=${name}`, "-days", "2");
}

/** ca.crt and other.crt (authorities), good, address (127.0.0.1), expired and client (signed by ca), no-server and server (for clients or servers only), all below `directory`. */
export async function makeCertificates(directory: string): Promise<void> {
  await authority(directory, "ca");
  await authority(directory, "other");
  await certificate(directory, "good", "ca", "gateway.test", "2");
  await certificate(directory, "address", "ca", "127.0.0.1", "2");
  await certificate(directory, "expired", "ca", "gateway.test", "-1");
  await certificate(directory, "client", "ca", "station", "2");
  await certificate(directory, "no-server", "ca", "gateway.test", "2", "clientAuth");
  await certificate(directory, "server", "ca", "gateway.test", "2", "serverAuth");
}
