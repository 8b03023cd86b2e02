// SPDX-License-Identifier: Apache-2.0
// A wire between browser and backend that can be cut, or fall silent.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Wire {
  url: string;
  /** Ends all connections; new ones are refused until `mend`. */
  cut(): void;
  /** Nothing passes any more, and nobody is told; new connections pass. */
  silence(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let broken = false;
  const server = createServer((near) => {
    if (broken) return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      open.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy()).on("close", () => { open.delete(socket); other.destroy(); });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => { broken = true; for (const socket of open) socket.destroy(); },
    silence: () => { for (const socket of open) { socket.unpipe(); socket.resume(); } },
    mend: () => { broken = false; },
    close: () => new Promise((resolve) => { for (const socket of open) socket.destroy(); server.close(() => resolve()); }),
  };
}
