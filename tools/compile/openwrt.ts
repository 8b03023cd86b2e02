// SPDX-License-Identifier: Apache-2.0
// A feed for OpenWrt's build: the folder openwrt/ with the runtime's C files and the bundled JavaScript in securebox/src, so that nothing there needs Node.
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { bundleChunks, countOn, ENTRIES, GATEWAY } from "./gateway.ts";
import { thinSourceMap } from "./source-map.ts";

/** Writes `feed` anew; returns the folder of the packages in it. Throws what esbuild said. */
export async function buildFeed(root: string, feed: string): Promise<string> {
  const work = `${feed}.${process.pid}`;
  const source = join(work, "securebox/src");
  try {
    cpSync(join(root, "openwrt"), join(work, "securebox"), { recursive: true });
    cpSync(join(root, "LICENSE"), join(source, "LICENSE"));
    copyNative(join(root, "packages/quickjs-ts/native"), join(source, "native"));
    await writeModules(root, source);
    rmSync(feed, { recursive: true, force: true });
    renameSync(work, feed);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return join(feed, "securebox");
}

function copyNative(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from).filter((name) => /\.[ch]$/.test(name))) cpSync(join(from, name), join(to, name));
}

/** The scripts, their order for src/Makefile, and the map that leads positions in the access point's log to the source. */
async function writeModules(root: string, source: string): Promise<void> {
  const modules = join(source, "modules");
  mkdirSync(modules);
  const chunks = await bundleChunks(root, GATEWAY, modules);
  const map = thinSourceMap(chunks.map(({ script, lines }) => ({ map: readFileSync(`${script}.map`, "utf8"), lines })), (path) => relative(root, join(modules, path)));
  countOn(chunks);
  for (const { script } of chunks) rmSync(`${script}.map`);
  writeFileSync(join(source, "securebox.map"), map);
  writeFileSync(join(modules, "modules.mk"), `ENTRIES := ${ENTRIES.length}\nMODULES := ${chunks.map(({ name }) => name).join(" ")}\n`);
}
