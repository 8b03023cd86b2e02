// SPDX-License-Identifier: Apache-2.0
// What may import what, and what each source file begins with: the rules of ARCHITECTURE.md, held by a test.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";

const root = resolve(process.cwd());

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|c|h)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => !path.includes("node_modules") && !path.includes("/dist/"));
}

function imports(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(/^\s*(?:import|export)\b[^;"']*?from\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm)].map((m) => m[1] ?? m[2] ?? m[3]!);
}

const shipped = [...sources("src"), ...sources("packages/quickjs-ts/src"), ...sources("packages/node-openvswitch/src"), ...sources("packages/ubus-ts/src"), ...sources("packages/contract/src")];
const isTest = (path: string) => path.includes("/test/");
const isNodeAdapter = (path: string) => path.startsWith("packages/quickjs-ts/src/node/");

test("the search finds the sources", () => {
  assert.ok(shipped.length > 50, `${shipped.length} files`);
  assert.ok(imports("src/gateway/main.ts").length > 0);
});

test("what ships imports nothing of Node.js, but for the Node adapter", () => {
  for (const path of shipped.filter((p) => !isNodeAdapter(p) && !/\.node\.test\.ts$/.test(p))) {
    for (const name of imports(path)) assert.not.match(name, /^node:|^(fs|net|tls|os|path|child_process|crypto)$/, `${path} imports ${name}`);
  }
});

test("what ships touches no engine's globals", () => {
  for (const path of shipped.filter((p) => p.endsWith(".ts") && !isNodeAdapter(p) && !isTest(p) && !p.includes("/src/quickjs/") && !p.includes("/src/uvu/"))) {
    const code = readFileSync(join(root, path), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    assert.not.match(code, /\b(Buffer\.(from|alloc|concat)|process\.(argv|env|exit|on|std))/, path);
  }
});

/** Layers of the packages and of src: each may import only what is listed. */
const allowed: [place: RegExp, names: RegExp][] = [
  [/^packages\/quickjs-ts\/src\//, /^(\.|uvu|securebox:|quickjs-ts)/],
  [/^packages\/node-openvswitch\/src\//, /^(\.|quickjs-ts$)/],
  [/^packages\/ubus-ts\/src\/codec\//, /^\.\//],
  [/^packages\/ubus-ts\/src\/session\//, /^(\.\/|\.\.\/codec\/|quickjs-ts$)/],
  [/^packages\/ubus-ts\/src\//, /^(\.|quickjs-ts$)/],
  [/^packages\/contract\/src\//, /^(\.|yaml$)/],
  [/^src\/packets\//, /^\./],
  [/^src\/wifi-isolation\//, /^(\.|node-openvswitch|@securebox\/contract)/],
  [/^src\/backend-link\/mqtt\//, /^(\.|quickjs-ts$|mqtt(\/|$)|buffer$|events$|process$|readable-stream$)/],
  [/^src\/backend-link\//, /^(\.|quickjs-ts$|@securebox\/contract$)/],
  [/^src\/apply\//, /^(\.|quickjs-ts$)/],
  [/^src\/openwrt\//, /^(\.|quickjs-ts$)/],
  [/^src\/gateway\//, /^(\.|node-openvswitch|ubus-ts$|@securebox\/contract|quickjs-ts|yaml$|#reading$)/],
];

test("each room imports only the rooms below it", () => {
  for (const path of shipped.filter((p) => !isTest(p) && !isNodeAdapter(p))) {
    const rule = allowed.find(([place]) => place.test(path));
    assert.ok(rule, `${path} lies in no room of ARCHITECTURE.md`);
    for (const name of imports(path)) assert.match(name, rule[1], `${path} imports ${name}`);
    for (const name of imports(path).filter((n) => n.startsWith("../"))) {
      const target = relative(root, resolve(root, path, "..", name));
      for (const room of ["src/apply/", "src/openwrt/"]) if (path.startsWith(room)) assert.ok(target.startsWith(room), `${path} imports ${target}`);
      if (path.startsWith("src/packets/")) assert.match(target, /^src\/packets\//, `${path} imports ${target}`);
      if (path.startsWith("src/backend-link/")) assert.match(target, /^src\/backend-link\//, `${path} imports ${target}`);
      if (path.startsWith("src/wifi-isolation/")) assert.match(target, /^src\/(wifi-isolation|packets)\//, `${path} imports ${target}`);
    }
  }
});

test("the backend shares only packages with the access point", () => {
  const backend = sources("backend").filter((path) => !isTest(path));
  assert.ok(backend.length > 0, "no sources");
  for (const path of backend) {
    for (const name of imports(path).filter((n) => n.startsWith("."))) assert.match(relative(root, resolve(root, path, "..", name)), /^(backend|tools)\//, `${path} imports ${name}`);
  }
});

test("only composition picks a platform", () => {
  for (const path of shipped.filter((p) => !isTest(p) && !p.includes("/src/uvu/"))) {
    if (imports(path).includes("quickjs-ts/platform")) assert.is(path, "src/gateway/main.ts");
  }
});

test("every source file names its licence in its first line", () => {
  const all = [...shipped, ...sources("packages/quickjs-ts/native"), ...sources("tools"), ...sources("test"), ...sources("bench"), ...sources("backend")];
  for (const path of all) assert.match(readFileSync(join(root, path), "utf8").split("\n", 1)[0]!, /SPDX-License-Identifier: Apache-2.0/, path);
});

test.run();
