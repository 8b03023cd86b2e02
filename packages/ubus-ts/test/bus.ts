// SPDX-License-Identifier: Apache-2.0
// A bus for a test: the real ubusd of OPENWRT_PREFIX where that is given (`npm run test:openwrt`), else the stand-in, in this process.
import type { Child } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { UbusClient, type UbusOptions } from "../src/index.ts";
import type { AclFile } from "./ubusd/acl.ts";
import { serve } from "./ubusd/serve.ts";

export { platform };

/** Where the real programs are: DIR/sbin/ubusd, DIR/bin/ubus, libraries in DIR/lib. */
export const prefix = platform.processes.environment("OPENWRT_PREFIX");

export interface TestBus {
  /** The socket. */
  readonly path: string;
  /** The socket for who is not root: the real daemon sees it by itself, at the stand-in's second one everybody is "nobody" of "nogroup". */
  readonly pathOfNobody: string;
  /** A new client, closed with the bus. Quick to reconnect, and whatever is told as trouble is kept in `troubles`. */
  client(options?: UbusOptions): UbusClient;
  readonly troubles: string[];
  /** The daemon dies without a word. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Everything ends. */
  stop(): Promise<void>;
}

let buses = 0;

/** `acl`: a file in acl.d. */
export async function startBus(acl?: AclFile): Promise<TestBus> {
  const directory = `/tmp/ubus-ts-${platform.engine}-${platform.processes.pid}-${++buses}`;
  platform.files.makeDirectory(directory);
  const path = `${directory}/ubus.sock`;
  const pathOfNobody = prefix ? path : `${path}.nobody`;
  if (acl) platform.files.replace(`${directory}/test.json`, JSON.stringify(acl));
  const daemon = prefix ? realDaemon(prefix, path, directory) : standIn(path, pathOfNobody, acl);
  const clients: UbusClient[] = [];
  const troubles: string[] = [];
  await daemon.start();
  return {
    path, pathOfNobody, troubles, kill: daemon.kill, start: daemon.start,
    client(options = {}) {
      const trouble = (what: string, error: unknown): void => void troubles.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      const client = new UbusClient(platform, { path, timeout: 20_000, reconnect: { minimum: 2, maximum: 20 }, trouble, ...options });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.close();
      await daemon.kill();
      for (const name of platform.files.list(directory)) platform.files.remove(`${directory}/${name}`);
    },
  };
}

interface Daemon {
  start(): Promise<void>;
  kill(): Promise<void>;
}

function standIn(path: string, others: string, acl: AclFile | undefined): Daemon {
  let server: ReturnType<typeof serve> | undefined;
  return {
    start: async () => void (server = serve(platform.net, path, { acl: acl ? [acl] : [], others: { path: others, user: "nobody", group: "nogroup" } })),
    async kill() {
      server?.close();
      server = undefined;
      await until("the socket's end", () => platform.files.status(path) === undefined || refused(path));
    },
  };
}

function realDaemon(from: string, path: string, acl: string): Daemon {
  let child: Child | undefined;
  let gone: Promise<void> = Promise.resolve();
  return {
    async start() {
      gone = new Promise((resolve) => {
        child = platform.processes.spawn([`${from}/sbin/ubusd`, "-s", path, "-A", acl], { exit: () => resolve() }, { env: { LD_LIBRARY_PATH: `${from}/lib` }, stdout: "inherit", stderr: "inherit" });
      });
      await until("ubusd", () => accepts(path));
    },
    kill() {
      child?.kill("SIGKILL");
      return gone;
    },
  };
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const stream = platform.net.connect({ unix: path }, {
      open: () => { resolve(true); stream.destroy(); },
      data: () => {},
      close: () => resolve(false),
    });
  });
}

const refused = async (path: string): Promise<boolean> => !(await accepts(path));

export const sleep = (millis: number): Promise<void> => new Promise((resolve) => void platform.timers.after(millis, resolve));

/** Waits for what must come; rejects after 20 s. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = platform.time.now() + 20_000;
  while (!(await condition())) {
    if (platform.time.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(2);
  }
}

/** What a promise was rejected with; throws when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const value = await promise.then((result) => ({ result }), (error: unknown) => ({ error }));
  if ("error" in value) return value.error as Error;
  throw new Error("was not rejected");
}
