// SPDX-License-Identifier: Apache-2.0
// Serves the control socket. Sizes and clients are bounded: a client that does not read its answers is cut off, not waited for.
import type { Listener, Net, Stream, StreamHandlers } from "quickjs-ts";
import { encodeLine, LineReader } from "../lines.ts";
import { ControlFailure, MAX_ANSWER, MAX_CLIENTS, MAX_REQUEST, type Answer, type ControlError, type Notification } from "./protocol.ts";

/** What one connection may use besides answering: `notify` sends without a request, `closed` runs once at its end. */
export interface Client {
  notify(notification: Notification): void;
  closed(run: () => void): void;
}

/** One method: parameters in, result out (or a promise of it). Throws ControlFailure. */
export type Method = (params: Record<string, unknown>, client: Client) => unknown;
export type Methods = Record<string, Method>;

export interface ControlServer { close(): void }

/** Throws PlatformError (EADDRINUSE when another gateway serves the socket). `broke` is told of errors that are our bugs. */
export function serveControl(net: Net, path: string, methods: Methods, broke: (error: unknown) => void): ControlServer {
  const clients = new Set<Stream>();
  const listener: Listener = net.listen({ unix: path }, (stream) => {
    if (clients.size >= MAX_CLIENTS) {
      stream.destroy();
      return { data() {}, close() {} };
    }
    clients.add(stream);
    return connection(stream, methods, broke, () => clients.delete(stream));
  }, { mode: 0o600 });
  return {
    close() {
      listener.close();
      for (const stream of clients) stream.destroy();
    },
  };
}

function connection(stream: Stream, methods: Methods, broke: (error: unknown) => void, gone: () => void): StreamHandlers {
  const reader = new LineReader(MAX_REQUEST);
  const endings: (() => void)[] = [];
  let open = true;
  const send = (value: Answer | Notification): void => {
    if (!open) return;
    if (stream.queued > MAX_ANSWER) return stream.destroy();
    stream.write(encodeLine(value));
  };
  const client: Client = { notify: send, closed: (run) => void endings.push(run) };
  return {
    data(chunk) {
      try {
        for (const line of reader.push(chunk)) if (line.trim() !== "") void answer(line, methods, client, broke).then(send);
      } catch (error) {
        send({ id: null, error: { code: "bad-request", message: (error as Error).message } });
        stream.end();
      }
    },
    end() { stream.end(); },
    close() {
      open = false;
      gone();
      for (const run of endings) run();
    },
  };
}

async function answer(line: string, methods: Methods, client: Client, broke: (error: unknown) => void): Promise<Answer> {
  let id: number | string | null = null;
  try {
    const request = decodeRequest(line);
    id = request.id;
    const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
    if (!method) throw new ControlFailure("unknown-method", `no method "${request.method}"`);
    return { id, result: (await method(request.params, client)) ?? null };
  } catch (error) {
    return { id, error: describe(error, broke) };
  }
}

function decodeRequest(line: string): { id: number | string; method: string; params: Record<string, unknown> } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new ControlFailure("bad-request", `not JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new ControlFailure("bad-request", "expected an object {id, method, params}");
  const { id, method, params = {} } = value;
  if (typeof id !== "number" && typeof id !== "string") throw new ControlFailure("bad-request", "id: expected a number or a string");
  if (typeof method !== "string") throw new ControlFailure("bad-request", "method: expected a string");
  if (!isObject(params)) throw new ControlFailure("bad-request", "params: expected an object");
  return { id, method, params };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(error: unknown, broke: (error: unknown) => void): ControlError {
  if (error instanceof ControlFailure) return { code: error.code, message: error.message };
  broke(error);
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}
