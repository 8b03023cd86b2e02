// SPDX-License-Identifier: Apache-2.0
/*
 * A stand-in for uhttpd with its ubus module and for the dispatcher of LuCI (ucode), on a port of 127.0.0.1: static files, JSON-RPC at /ubus/ with rpcd's session
 * asked about each call, the page around a view, the menu, the way of "Save & Apply". Not in it: CGI, TLS, digest of passwords, /ubus/subscribe, the JSON-RPC of
 * uhttpd's REST form, a menu filtered by what depends on files and packages, rollback of what nobody confirms. A session's cookie is /login?user=...&password=...
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { readFileSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import type { UbusClient } from "ubus-ts";
import { answerJsonRpc } from "./json-rpc.ts";
import { BASE, menuTree, pageFor } from "./dispatcher.ts";

const TYPES: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png" };
const ANONYMOUS = "0".repeat(32);

export interface UhttpdOptions {
  bus: UbusClient;
  /** Directories like /www; the first that has a file gives it. */
  roots: readonly string[];
  /** The real uhttpd's JSON-RPC, which answers then. */
  jsonRpc?: string;
}

export class UhttpdStandIn {
  readonly #server: Server;
  private constructor(readonly options: UhttpdOptions) {
    this.#server = createServer((request, response) => void this.#serve(request, response).catch((error: Error) => response.writeHead(500).end(error.message)));
  }

  static async start(options: UhttpdOptions): Promise<UhttpdStandIn> {
    const uhttpd = new UhttpdStandIn(options);
    await new Promise<void>((resolve) => uhttpd.#server.listen(0, "127.0.0.1", resolve));
    return uhttpd;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  /** The path of a page, to go to first; it leads on to the page. */
  login(user: string, password: string, page: string): string {
    return `/login?${new URLSearchParams({ user, password, page }).toString()}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://router");
    const session = /sysauth_http=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? ANONYMOUS;
    if (url.pathname === "/login") return this.#login(url, response);
    if (url.pathname.startsWith("/ubus")) return this.#ubus(request, response);
    if (url.pathname.startsWith(BASE)) return this.#dispatch(url.pathname.slice(BASE.length + 1), session, response);
    return this.#file(url.pathname, response);
  }

  async #login(url: URL, response: ServerResponse): Promise<void> {
    const { user, password, page } = Object.fromEntries(url.searchParams) as Record<string, string>;
    const { ubus_rpc_session: id } = await this.options.bus.call("session", "login", { username: user, password });
    response.writeHead(302, { "Set-Cookie": `sysauth_http=${String(id)}; path=/`, Location: `${BASE}/${page}` }).end();
  }

  async #ubus(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    response.writeHead(200, { "Content-Type": "application/json" }).end(await this.#answer(text));
  }

  async #answer(text: string): Promise<string> {
    const { jsonRpc, bus } = this.options;
    return jsonRpc === undefined ? answerJsonRpc(bus, text) : (await fetch(jsonRpc, { method: "POST", body: text })).text();
  }

  async #dispatch(path: string, session: string, response: ServerResponse): Promise<void> {
    const send = (type: string, text: string): void => void response.writeHead(200, { "Content-Type": type }).end(text);
    if (path.startsWith("admin/translations")) return send("text/javascript", "");
    if (path === "admin/menu") return send("application/json", JSON.stringify(menuTree()));
    if (path.startsWith("admin/uci/")) return this.#apply(path.slice("admin/uci/".length), session, response);
    const page = await pageFor(this.options.bus, path, session, this.#has("/luci-static/bootstrap/cascade.css"));
    if (page === undefined) return void response.writeHead(403, { "X-LuCI-Login-Required": "yes" }).end("no such page, or not for this session");
    send("text/html; charset=UTF-8", page);
  }

  async #apply(what: string, session: string, response: ServerResponse): Promise<void> {
    if (what.startsWith("apply")) await this.options.bus.call("uci", "apply", { ubus_rpc_session: session, rollback: what === "apply_rollback", timeout: 90 });
    if (what === "confirm") await this.options.bus.call("uci", "confirm", { ubus_rpc_session: session });
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ token: "a".repeat(16) }));
  }

  #has(path: string): boolean { return this.#read(path) !== undefined; }

  #read(path: string): Buffer | undefined {
    for (const root of this.options.roots) {
      try {
        return readFileSync(join(root, normalize(path)));
      } catch { /* the next may have it */ }
    }
    return undefined;
  }

  #file(path: string, response: ServerResponse): void {
    const found = this.#read(path);
    if (found) response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "text/plain" }).end(found);
    else response.writeHead(404).end();
  }
}
