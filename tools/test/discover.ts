// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "./bundle.ts";

/** Every *.test.ts below `dir`, as paths relative to `root`. */
function below(root: string, dir: string): string[] {
  return readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
}

/** Test files of the repository in a fixed order: cheap ones first, real daemons last. The backend's are below `backend/test`. */
export function discover(root: string): string[] {
  const portable = ["packages", "src"].flatMap((dir) => below(root, dir)).filter((path) => /(^|\/)test\//.test(path) && !path.includes("node_modules/"));
  return [...portable.sort(), ...below(root, "backend/test").sort(), ...below(root, "test").sort()];
}

/** Files under the root's `test/`, the backend's and `*.node.test.ts` need Node; the others run on both engines. */
export function enginesOf(file: string): Engine[] {
  return file.startsWith("test/") || file.startsWith("backend/") || file.endsWith(".node.test.ts") ? ["node"] : ["node", "quickjs"];
}

/** System tests start daemons and measure time: not beside more than one other. */
export function isSystem(file: string): boolean {
  return file.startsWith("test/") || file.startsWith("backend/test/system/");
}

/** Virtual machines keep a processor of this machine busy for a minute or more. */
export function bootsMachines(file: string): boolean {
  return file.startsWith("test/qemu/");
}

const waiting = ["changes", "clock-faults", "discovery", "disk-faults", "gateway-backend", "link-faults", "renewal", "server-faults"].map((name) => `test/system/${name}.test.ts`);

/** System tests that spend most of their time waiting for deadlines: one of them runs beside one of the others. */
export function mostlyWaits(file: string): boolean {
  return waiting.includes(file);
}
