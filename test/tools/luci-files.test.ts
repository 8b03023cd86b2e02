// SPDX-License-Identifier: Apache-2.0
// What is made for luci-app-securebox is up to date, and what it has holds together: menu, access group, and scripts that LuCI's minifier leaves whole.
import { existsSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { luciFiles } from "../../tools/luci/files.ts";
import { APP, scripts, textsIn } from "../../tools/luci/template.ts";

for (const [path, make] of Object.entries(luciFiles)) {
  test(`${path} is up to date (else: node tools/run.mjs tools/luci-files.ts)`, () => {
    assert.ok(make().length > 500);
    assert.is(readFileSync(path, "utf8"), make());
  });
}

const json = (path: string): unknown => JSON.parse(readFileSync(`${APP}/root/usr/share/${path}`, "utf8"));

test("each page of the menu has its view, and the menu depends on the access group that there is", () => {
  const menu = Object.values(json("luci/menu.d/luci-app-securebox.json") as Record<string, { action: { type: string; path?: string }; depends?: { acl?: string[] } }>);
  const views = menu.filter(({ action }) => action.type === "view").map(({ action }) => action.path);
  assert.equal(views, ["status", "devices", "why", "events", "settings"].map((name) => `securebox/${name}`));
  for (const view of views) assert.ok(existsSync(`${APP}/htdocs/luci-static/resources/view/${view}.js`), view);
  const groups = Object.keys(json("rpcd/acl.d/luci-app-securebox.json") as object);
  assert.equal(menu.flatMap(({ depends }) => depends?.acl ?? []), groups);
});

test("every method that the pages call is in the access group: what only tells under read, what changes under write", () => {
  const { "luci-app-securebox": group } = json("rpcd/acl.d/luci-app-securebox.json") as Record<string, Record<"read" | "write", { ubus: { securebox: string[] } }>>;
  const source = readFileSync(`${APP}/htdocs/luci-static/resources/securebox/gateway.js`, "utf8");
  const called = [.../^const METHODS = \{\n([^}]*)\};/m.exec(source)![1]!.matchAll(/(\w+): \[/g)].map((match) => match[1]!);
  const tells = ["status", "devices", "policy", "reach", "explain", "events"];
  for (const name of tells) assert.ok(group!.read.ubus.securebox.includes(name), name);
  for (const name of called) if (!tells.includes(name)) assert.ok(group!.write.ubus.securebox.includes(name) && !group!.read.ubus.securebox.includes(name), name);
  assert.is(called.length, 13);
});

/** Source without comments and what stands in quotes. */
const bare = (source: string): string => source.replace(/\/\*[^]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'/g, "''");

for (const path of scripts()) {
  test(`${path.slice(APP.length + 1)}: strict, and nothing in it that LuCI's jsmin breaks`, () => {
    const source = readFileSync(path, "utf8");
    assert.match(source, /^\/\/ SPDX-License-Identifier: Apache-2\.0\n/);
    assert.match(source, /^'use strict';$/m);
    assert.not.match(bare(source), /[`"]|(?<! )\/|\/(?! )/); // no templates, no regular expressions
    assert.not.match(bare(source), /\b(import|export|async|await|class)\b|\?\.|\?\?/); // what a view of LuCI 24.10 is not written with
    new Function("window", "document", "L", "E", "_", source.replace(/^'require .*$/gm, "")); // throws for what is no body of a function
    textsIn(path, source);
  });
}

test("a text that no translator would see is refused", () => {
  assert.equal(textsIn("x.js", "_('It\\'s') + _('b')"), ["It's", "b"]);
  assert.throws(() => textsIn("x.js", "1;\n_(text)"), /x\.js:2/);
});

test.run();
