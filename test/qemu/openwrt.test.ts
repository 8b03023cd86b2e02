// SPDX-License-Identifier: Apache-2.0
// qemu/run-openwrt against a stand-in for OpenWrt's console; with SECUREBOX_OPENWRT_IMAGE and SECUREBOX_OPENWRT_TARGET against a real image, too.
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeImage } from "../../qemu/recipe/index.ts";
import { machines } from "../../qemu/recipe/machines.ts";
import { repositoryRoot, telling } from "../lab/command.ts";
import { standIn } from "./stand-in-openwrt.ts";

const root = repositoryRoot();
const test = suite("qemu/run-openwrt");
const directory = mkdtempSync(join(tmpdir(), "securebox-openwrt-"));
const real = process.env["SECUREBOX_OPENWRT_IMAGE"];
let image: string[];

test.before(telling(async () => {
  const { directory: made } = await makeImage(root, machines.amd64, () => {});
  const { kernel, initrd } = await standIn(made, directory);
  image = [kernel, "--target", "x86-64", "--initrd", initrd];
}));
test.after(() => rmSync(directory, { recursive: true }));

const run = (...argv: string[]): { status: number | null; stdout: string; stderr: string } => spawnSync(join(root, "qemu/run-openwrt"), argv, { encoding: "utf8", timeout: 250_000 });

test("a package arrives over the serial line as it is, and is installed", () => {
  const [file, data] = [join(directory, "a.ipk"), randomBytes(50_000)];
  writeFileSync(file, data);
  const { status, stdout, stderr } = run(...image, "--package", file, "--command", "echo $((6 * 7))");
  assert.is(status, 0, stderr);
  assert.match(stdout, new RegExp(`installed ${createHash("sha256").update(data).digest("hex")}`));
  assert.match(stdout, /^42$/m);
});

test("a command's exit status is ours", () => assert.is(run(...image, "--command", "exit_with() { return 9; }; exit_with").status, 9));

test("an image that never gives a console is told, and ended", () => {
  const { status, stderr } = run(image[0]!, "--target", "x86-64", "--deadline", "60");
  assert.is(status, 1);
  assert.match(stderr, /a console: the machine ended; it said last: [^]*panic/);
});

if (real) test("a real image", () => {
  const { status, stdout, stderr } = run(real, "--target", process.env["SECUREBOX_OPENWRT_TARGET"] ?? "x86-64");
  assert.is(status, 0, stderr);
  assert.match(stdout, /DISTRIB_ID='OpenWrt'/);
});

test.run();
