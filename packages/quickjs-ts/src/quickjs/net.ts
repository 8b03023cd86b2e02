// SPDX-License-Identifier: Apache-2.0
import * as native from "securebox:native";
import type { Address, Net } from "../ports/net.ts";

/** Defaults of ConnectOptions. */
export const defaultTimeout = 10_000;
export const defaultHighWaterMark = 65_536;

const print = (address: Address): string => ("unix" in address ? address.unix : `${address.host}:${address.port}`);

export const netPort: Net = {
  connect: (address, handlers, { timeout = defaultTimeout, highWaterMark = defaultHighWaterMark } = {}) =>
    native.streamConnect(address, handlers, timeout, highWaterMark, print(address), undefined),

  listen(address, accept, { mode = 0o600, highWaterMark = defaultHighWaterMark } = {}) {
    const isUnix = "unix" in address;
    const socket = native.listen(isUnix ? address.unix : address.host, isUnix ? -1 : address.port, accept, mode, highWaterMark, print(address));
    return { address: isUnix ? address : { host: address.host, port: socket.port }, close: () => socket.close() };
  },

  datagram({ host, port }, receive) {
    const socket = native.datagram(host, port, receive, `${host}:${port}`);
    const chosen = socket.port;
    return { port: chosen, send: (data, toHost, toPort) => socket.send(data, toHost, toPort), close: () => socket.close() };
  },
};
