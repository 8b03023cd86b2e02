// SPDX-License-Identifier: Apache-2.0
// A way into a namespace for a program outside: unix sockets belong to the file system, not to a network namespace.
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";

/** Listens on a unix socket and carries each connection to a TCP address of this namespace. */
export function relay({ path, address, port }: { path: string; address: string; port: number }): Promise<void> {
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: address, port, allowHalfOpen: true });
    near.on("error", () => far.destroy()).pipe(far).on("error", () => near.destroy()).pipe(near);
  });
  return new Promise((resolve, reject) => server.on("error", reject).listen(path, resolve));
}
