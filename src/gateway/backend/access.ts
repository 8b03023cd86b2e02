// SPDX-License-Identifier: Apache-2.0
// What a gateway can do about a backend: the link of the room backend-link, or a fake in tests.
import type { Link, LinkHost } from "../../backend-link/types.ts";
import type { Log } from "../log.ts";

/** Where a gateway belongs. */
export interface Membership {
  network: string;
  gateway: string;
  /** HOST:PORT */
  broker: string;
}

export interface BackendAccess {
  /** undefined: not enrolled. */
  membership(): Membership | undefined;
  /** Loads what an enrolled gateway needs and another does not: before `link`. */
  ready(): Promise<void>;
  /** Only while enrolled and ready; not started yet. */
  link(host: LinkHost, log: Log): Link;
  /** Redeems a one-time token and keeps what came back: ready then. Rejects with an EnrolmentFailure. */
  enrol(token: string): Promise<Membership>;
  /** Forgets everything but the time. */
  leave(): void;
  /** Resolves when what a stopped link had to say is on its way: its connections are closed, or have had their time. */
  quiet(): Promise<void>;
}

/** `whose`: the token is no token or is not accepted ("token"); the backend cannot be reached, or is not the one that the token names ("backend"). */
export class EnrolmentFailure extends Error {
  override readonly name = "EnrolmentFailure";
  constructor(readonly whose: "token" | "backend", message: string) { super(message); }
}

/** A gateway that can have no backend: for tests of everything else. */
export const NO_BACKEND: BackendAccess = {
  membership: () => undefined,
  ready: () => Promise.resolve(),
  link: () => { throw new Error("no backend"); },
  enrol: () => Promise.reject(new EnrolmentFailure("backend", "this gateway was started without a way to a backend")),
  leave: () => {},
  quiet: () => Promise.resolve(),
};
