// SPDX-License-Identifier: Apache-2.0
// The real way to a backend: the link over MQTT, its files below the state directory.
import type { Millis, Platform } from "quickjs-ts";
import { FileStore } from "../../backend-link/store.ts";
import type { Connect, Identity } from "../../backend-link/types.ts";
import type { Log } from "../log.ts";
import { EnrolmentFailure, type BackendAccess, type Membership } from "./access.ts";

/** How long a process that ends waits for its farewell to be sent. The broker would send the last will instead: no harm. */
const FAREWELL: Millis = 1000;
/** The last proven time: nothing of a backend, and older documents stay refused. */
const KEPT = "clock.json";

export function openBackend(platform: Platform, directory: string, connect: Connect, log: Log): BackendAccess {
  const connections = new Connections(platform, connect);
  let room: typeof import("./room.ts") | undefined;
  const load = async (): Promise<typeof import("./room.ts")> => (room ??= await import("./room.ts"));
  const store = new FileStore(platform.files, directory, log);
  return {
    membership: () => membershipOf(store.identity()),
    async ready() {
      if (store.identity()) await load();
    },
    link(host, linkLog) {
      if (!room) throw new Error("the link was not loaded");
      return room.createLink(platform, connections.connect, store, host, linkLog);
    },
    async enrol(token) {
      const { enrol } = await load();
      try {
        return membershipOf(await enrol(platform, store, token))!;
      } catch (error) {
        if (error instanceof TypeError) throw error; // ours
        throw new EnrolmentFailure(error instanceof RangeError ? "token" : "backend", (error as Error).message);
      }
    },
    quiet: () => connections.quiet(),
    leave() {
      for (const name of platform.files.list(directory)) if (name !== KEPT) platform.files.remove(`${directory}/${name}`);
    },
  };
}

function membershipOf(identity: Identity | undefined): Membership | undefined {
  return identity && { network: identity.network, gateway: identity.gateway, broker: `${identity.broker.host}:${identity.broker.port}` };
}

/** Knows when the last connection is closed. */
class Connections {
  readonly connect: Connect;
  readonly #platform: Pick<Platform, "timers">;
  #open = 0;
  #closed = (): void => {};

  constructor(platform: Pick<Platform, "timers">, connect: Connect) {
    this.#platform = platform;
    this.connect = (options, handlers) => {
      this.#open++;
      return connect(options, {
        ...handlers,
        closed: (reason) => {
          if (--this.#open === 0) this.#closed();
          handlers.closed(reason);
        },
      });
    };
  }

  quiet(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#platform.timers.after(FAREWELL, resolve);
      this.#closed = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
