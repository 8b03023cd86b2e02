// SPDX-License-Identifier: Apache-2.0
// HTTP to the backend, believing only its certificate authority.
import { X509Certificate } from "node:crypto";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { Refused, Unreachable } from "./errors.ts";

/** Of any answer but a stream. Milliseconds. */
const TIMEOUT = 30_000;
/** Largest answer that is read, bytes. */
const MAX_ANSWER = 64 * 1024 * 1024;

export interface Access { url: string; token?: string; ca?: string }
export interface Sent { method?: string; body?: unknown; headers?: Record<string, string> }

export class Client {
  constructor(readonly access: Access) {}

  /** The answer's JSON (undefined for 204). Throws Unreachable, Refused. */
  async ask<T = any>(path: string, sent: Sent = {}): Promise<T> {
    return (await this.exchange(path, sent)).json as T;
  }

  async exchange(path: string, sent: Sent = {}): Promise<{ json: unknown; response: IncomingMessage }> {
    const response = await this.open(path, sent, TIMEOUT);
    const text = await readAll(response, this.access.url);
    const json = parse(text);
    if (response.statusCode! < 400) return { json, response };
    const { error } = (json ?? {}) as { error?: { code: string; message: string; details?: unknown } };
    throw new Refused(response.statusCode!, error?.code ?? "unknown", error?.message ?? `HTTP status ${response.statusCode}`, error?.details);
  }

  /** The response whose body is still to come. `timeout`: of silence. Throws Unreachable. */
  open(path: string, { method = "GET", body, headers = {} }: Sent, timeout: number, signal?: AbortSignal): Promise<IncomingMessage> {
    const { url, token, ca } = this.access;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions & { ca?: string } = {
      method, timeout, ...(signal ? { signal } : {}), ...(ca ? { ca } : {}),
      headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(payload ? { "content-type": "application/json", "content-length": Buffer.byteLength(payload) } : {}), ...headers },
    };
    return new Promise((resolve, reject) => {
      const secure = new URL(url).protocol === "https:";
      const request = (secure ? httpsRequest : httpRequest)(new URL(path, url), options, resolve);
      request.on("timeout", () => request.destroy(new Error(`no answer within ${timeout / 1000} s`)));
      request.on("error", (error: NodeJS.ErrnoException) => reject(new Unreachable(`${url}: ${explain(error)}`)));
      request.end(payload);
    });
  }
}

/**
 * The certificate authority of a backend, believed because its SHA-256 is `pin` (hexadecimal, colons allowed): fetched over a connection that proves
 * nothing yet, which is no harm, as nothing but this is read from it. Throws Unreachable.
 */
export async function fetchPinned(url: string, pin: string): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpsRequest(new URL("/ca.pem", url), { rejectUnauthorized: false, timeout: TIMEOUT }, resolve);
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", (error: NodeJS.ErrnoException) => reject(new Unreachable(`${url}: ${explain(error)}`)));
    request.end();
  });
  const pem = await readAll(response, url);
  const found = fingerprintOf(pem, url);
  if (found !== pin.replaceAll(":", "").toLowerCase()) throw new Unreachable(`${url}: its certificate authority has the fingerprint ${found}, not the one of --pin: this is another backend, or somebody in between`);
  return pem;
}

function fingerprintOf(pem: string, url: string): string {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
  } catch {
    throw new Unreachable(`${url}: /ca.pem is no certificate; is this a Securebox backend?`);
  }
}

async function readAll(response: IncomingMessage, url: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_ANSWER) throw new Error("the answer is too large");
      chunks.push(chunk);
    }
  } catch (error) {
    throw new Unreachable(`${url}: ${(error as Error).message}`);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED": return "nobody listens there; is the backend running?";
    case "ENOTFOUND": return "no such host";
    case "SELF_SIGNED_CERT_IN_CHAIN": case "UNABLE_TO_VERIFY_LEAF_SIGNATURE": case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY": case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return "its certificate is not signed by an authority that is known here; give --pin or --ca";
    default: return error.message;
  }
}
