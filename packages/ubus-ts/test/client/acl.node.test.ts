// SPDX-License-Identifier: Apache-2.0
// What a client that is not root may do, by access control lists. Node.js only: with a real daemon the client connects as another user.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { method, StatusError, type UbusClient } from "../../src/index.ts";
import { rejection, startBus, type TestBus, until } from "../bus.ts";

const test = suite("ubus access control");
const acl = {
  user: "nobody", access: { "open": { methods: ["hello"], acl: { own: ["thing"] } }, "seen": { methods: ["hello"] }, "wide.*": { methods: ["*"] } },
  publish: ["mine*"], subscribe: ["open", "wide.*"], listen: ["open.*"], send: ["said.*"],
};
let bus: TestBus, root: UbusClient, nobody: UbusClient;

const methods = { hello: method({}, (_args, { user, group }) => ({ user, group })), other: method({}, () => {}) };

/** The daemon asks the kernel who connects, at that moment. */
function connectAsNobody(): UbusClient {
  process.setegid!("nogroup");
  process.seteuid!("nobody");
  try {
    return bus.client({ path: bus.pathOfNobody, lookInterval: 20 });
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await rejection(promise);
  if (!(error instanceof StatusError)) throw error;
  return `${error.status} by ${error.by}`;
}

test.before(async () => {
  bus = await startBus(acl);
  root = bus.client();
  for (const path of ["open", "seen", "shut"]) await root.publish(path, methods);
  nobody = connectAsNobody();
  await nobody.whenReady();
});
test.after(() => bus.stop());

test("it sees what it may call, and calls it", async () => {
  assert.equal((await nobody.list()).map(({ path, signature }) => [path, Object.keys(signature!)]), [["open", ["hello"]], ["seen", ["hello"]]]);
  assert.equal(await nobody.list("shut"), []);
  assert.equal(await nobody.call("open", "hello"), { user: "nobody", group: "nogroup" });
  assert.is(await refusal(nobody.call("open", "other")), "permission-denied by daemon");
  assert.is(await refusal(nobody.call("shut", "hello")), "not-found by daemon");
});

test("it publishes, listens and sends where allowed", async () => {
  await nobody.publish("mine.too", methods);
  assert.is(await refusal(nobody.publish("yours", methods)), "invalid-argument by daemon");
  const heard: string[] = [];
  await nobody.listen("open.*", (id) => heard.push(id));
  await root.listen("said.*", (id) => heard.push(id));
  assert.is(await refusal(nobody.listen("shut.*", () => {})), "permission-denied by daemon");
  await root.send("open.door");
  await nobody.send("said.this");
  assert.is(await refusal(nobody.send("unsaid")), "permission-denied by daemon");
  await until("both events", () => heard.length === 2);
  assert.is(await refusal(nobody.monitor(() => {})), "permission-denied by daemon");
});

test("a subscription that is not allowed is told; one that is finds new objects without being told of them", async () => {
  const seen: string[] = [];
  await nobody.subscribe("seen", { notified: () => {} });
  assert.ok(bus.troubles.includes("subscribe seen: subscribe seen: seen: not-found"), bus.troubles.join());
  const subscription = await nobody.subscribe("wide.*", { notified: (path, name) => void seen.push(`${path} ${name}`) });
  assert.equal([nobody.watching, subscription.paths], [false, []]);
  const late = await root.publish("wide.late", methods);
  await until("the subscriber", () => late.hasSubscribers);
  late.notify("changed");
  await until("the notification", () => seen.length > 0);
  assert.equal(seen, ["wide.late changed"]);
  assert.is(bus.troubles.filter((trouble) => trouble.startsWith("subscribe seen")).length, 1); // not once for each look
});

test("the lists of one's own objects can be asked for", async () => {
  assert.equal(await root.acl(), [{ object: "open", user: "nobody", group: undefined, acl: { own: ["thing"] } }]);
});

test.run();
