// SPDX-License-Identifier: Apache-2.0
// A certificate authority by the openssl program, for tests: the other side of what we encode ourselves.
import { platform } from "quickjs-ts/platform";

const { files, processes, timers } = platform;

export const sleep = (delay: number): Promise<void> => new Promise((resolve) => void timers.after(delay, resolve));

/** What it printed; throws when it failed. */
export function openssl(...argv: string[]): Promise<string> {
  let output = "";
  const note = (chunk: Uint8Array): void => { output += new TextDecoder().decode(chunk); };
  return new Promise((resolve, reject) => {
    processes.spawn(["openssl", ...argv], { stdout: note, stderr: note, exit: (code) => (code === 0 ? resolve(output) : reject(new Error(`openssl ${argv[0]}: ${code}: ${output}`))) });
  });
}

export class Authority {
  private constructor(readonly directory: string) {}

  static async make(name: string): Promise<Authority> {
    const directory = `/tmp/securebox-link-${name}-${platform.engine}-${processes.pid}`;
    files.makeDirectory(directory);
    await openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${directory}/ca.key`, "-out", `${directory}/ca.pem`, "-subj", "/CN=authority", "-days", "3650");
    return new Authority(directory);
  }

  get pem(): string { return files.readText(`${this.directory}/ca.pem`); }

  /** Checks the request as openssl does, and issues. */
  async issue(csr: string, days: number): Promise<{ certificate: string; said: string }> {
    const [request, certificate] = [`${this.directory}/request.pem`, `${this.directory}/issued.pem`];
    files.replace(request, csr);
    const said = await openssl("req", "-in", request, "-verify", "-noout", "-subject");
    await openssl("x509", "-req", "-in", request, "-CA", `${this.directory}/ca.pem`, "-CAkey", `${this.directory}/ca.key`, "-CAcreateserial", "-days", String(days), "-out", certificate);
    return { certificate: files.readText(certificate), said };
  }

  remove(): void {
    for (const name of files.list(this.directory)) files.remove(`${this.directory}/${name}`);
  }
}
