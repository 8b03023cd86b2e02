// SPDX-License-Identifier: Apache-2.0
// One HTTPS request on a connection of its own: enough for enrolment, within a deadline.
import type { Millis, Platform, TlsOptions } from "quickjs-ts";
import { HttpError, HttpResponseReader, type HttpResponse } from "./http-response.ts";

export interface HttpRequest {
  host: string;
  port: number;
  method: "GET" | "POST";
  /** With the query. */
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  ca: TlsOptions["ca"];
  validAt?: TlsOptions["validAt"];
  /** Of everything. Default 20,000 ms. */
  timeout?: Millis;
}

/** Resolves with any status. Rejects with HttpError (no good answer) or PlatformError (no connection, wrong certificate). */
export function request(platform: Pick<Platform, "tls" | "timers">, options: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const timeout = options.timeout ?? 20_000;
    const reader = new HttpResponseReader();
    let settled = false;
    const finish = (settle: () => void): void => {
      if (settled) return;
      settled = true;
      timer.cancel();
      stream.destroy();
      settle();
    };
    const read = (parse: () => HttpResponse | undefined): void => {
      try {
        const response = parse();
        if (response) finish(() => resolve(response));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = platform.timers.after(timeout, () => finish(() => reject(new HttpError(`no answer from ${options.host} within ${timeout / 1000} s`))));
    const stream = platform.tls.connect({ host: options.host, port: options.port }, {
      open: () => void stream.write(encode(options)),
      data: (chunk) => read(() => reader.push(chunk)),
      end: () => read(() => reader.end()),
      close: (error) => (error ? finish(() => reject(error)) : read(() => reader.end())),
    }, { ca: options.ca, validAt: options.validAt, timeout });
  });
}

function encode({ host, port, method, path, body }: HttpRequest): Uint8Array {
  const encoder = new TextEncoder();
  const content = body === undefined ? "" : JSON.stringify(body);
  const name = host.includes(":") ? `[${host}]` : host;
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${name}:${port}`, "Accept: application/json", "Connection: close"];
  if (content) lines.push("Content-Type: application/json", `Content-Length: ${encoder.encode(content).length}`);
  return encoder.encode(`${lines.join("\r\n")}\r\n\r\n${content}`);
}
