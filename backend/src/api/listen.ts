// SPDX-License-Identifier: Apache-2.0
// Sockets for the API: HTTPS for all, plain HTTP for this machine.
import { createServer as createHttp, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createHttps, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Pki } from "../ports.ts";
import type { Listening, Log } from "./types.ts";

/** Deadlines of a request, milliseconds: somebody who sends a byte a minute holds nothing. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 10_000, connectionsCheckingInterval: 5_000, maxHeaderSize: 16_384 };
const MAX_CONNECTIONS = 4_000;
/** How often the certificate is asked for again. */
const RENEW = 3_600_000;
/** How long requests under way may take after close. */
const GRACE = 5_000;

export class Listeners {
  readonly #servers: { server: HttpServer | HttpsServer; timer?: NodeJS.Timeout }[] = [];

  constructor(private readonly pki: Pick<Pki, "serverCertificate">, private readonly log: Log, private readonly handle: RequestListener) {}

  async open({ host, port, tls }: { host: string; port: number; tls: boolean }): Promise<Listening> {
    const server = tls ? await this.#secure() : this.#plain();
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, () => {
      server.off("error", reject).on("error", (error) => this.log("error", "api-listener", { message: error.message }));
      resolve();
    }));
    const bound = (server.address() as AddressInfo).port;
    return { host, port: bound, url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${bound}` };
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(async ({ server, timer }) => {
      clearInterval(timer);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), GRACE);
      await closed;
      clearTimeout(late);
    }));
    this.#servers.length = 0;
  }

  #plain(): HttpServer {
    const server = createHttp(LIMITS, this.handle);
    this.#servers.push({ server });
    return server;
  }

  async #secure(): Promise<HttpsServer> {
    const options = async (): Promise<{ cert: string; key: string; minVersion: "TLSv1.2" }> => {
      const { certificate, key } = await this.pki.serverCertificate();
      return { cert: certificate, key, minVersion: "TLSv1.2" };
    };
    const server = createHttps({ ...LIMITS, ...(await options()) }, this.handle);
    const renew = (): void => void options().then((fresh) => server.setSecureContext(fresh), (error: Error) => this.log("error", "api-certificate", { message: error.message }));
    this.#servers.push({ server, timer: setInterval(renew, RENEW).unref() });
    return server;
  }
}
