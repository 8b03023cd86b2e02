// SPDX-License-Identifier: Apache-2.0
/*
 * A lamp on the bus, and somebody who uses it: typed methods, a deferred answer, notifications, an event. Needs a daemon:
 *
 *     node tools/run.mjs tools/example.ts node packages/ubus-ts/test/ubusd/main.ts /tmp/ubus.sock &
 *     node tools/run.mjs tools/example.ts node|quickjs packages/ubus-ts/examples/lamp.ts /tmp/ubus.sock
 */
import { platform } from "quickjs-ts/platform";
import { method, StatusError, UbusClient } from "ubus-ts";

const { processes, timers } = platform;
const path = processes.arguments[0] ?? "/var/run/ubus/ubus.sock";
const print = (line: string): void => processes.stdout(`${line}\n`);
const sleep = (millis: number): Promise<void> => new Promise((resolve) => void timers.after(millis, resolve));

async function lamp(bus: UbusClient): Promise<void> {
  let level = 0;
  const object = await bus.publish("lamp", {
    status: method({}, () => ({ level })),
    set: method({ level: "int32", by: "string?" }, ({ level: wanted, by }, { user }) => { // typed: number, string | undefined
      if (wanted < 0 || wanted > 100) throw new StatusError("invalid-argument");
      level = wanted;
      object.notify("changed", { level, by: by ?? user });
    }),
    fade: method({ ms: "int32" }, async ({ ms }) => { // answered later; other calls go on meanwhile
      await sleep(ms);
      level = 0;
      return { level };
    }),
  });
}

async function use(bus: UbusClient): Promise<void> {
  const notified: string[] = [];
  let second = (): void => {};
  const both = new Promise<void>((resolve) => (second = resolve));
  await bus.subscribe("lamp", { notified: (_path, name, { level, by }) => void (notified.push(`${name} to ${String(level)} by ${String(by)}`) === 2 && second()) });
  const fading = bus.call("lamp", "fade", { ms: 50 });
  await bus.call("lamp", "set", { level: 40 });
  await bus.call("lamp", "set", { level: 60, by: "alice" });
  print(`status: ${JSON.stringify(await bus.call("lamp", "status"))}`);
  await bus.call("lamp", "set", { level: "high" }).catch((error: Error) => print(`refused: ${error.message}`));
  print(`faded: ${JSON.stringify(await fading)}`);
  await both;
  notified.forEach((line) => print(`notified: ${line}`));
  await bus.listen("lamp.*", (id, data) => print(`event: ${id} ${JSON.stringify(data)}`));
}

async function main(): Promise<void> {
  const [provider, user] = [new UbusClient(platform, { path }), new UbusClient(platform, { path })];
  await lamp(provider);
  await use(user);
  await provider.send("lamp.broken", { after: 1000 });
  await user.ping(); // its answer comes after the event
  provider.close();
  user.close();
}

main().catch((error: Error) => {
  processes.stderr(`${error.message}\n`);
  processes.exit(1);
});
