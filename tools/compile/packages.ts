// SPDX-License-Identifier: Apache-2.0
// What npm publishes of packages/: JavaScript and declarations file by file in dist/, where the packages' `exports` point. Inside the repository the
// condition "source" comes before them, so nothing here ever runs from dist/.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** In the order of their dependencies: each is checked against the declarations of those before it. */
export const PACKAGES = ["quickjs-ts", "node-openvswitch", "ubus-ts", "contract"] as const;

/** Builds `packages/*` of the repository `root`; returns the folders written. Throws with what the compiler said. */
export async function buildPackages(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const name of PACKAGES) folders.push(await buildPackage(root, join(root, "packages", name)));
  return folders;
}

async function buildPackage(root: string, folder: string): Promise<string> {
  const dist = join(folder, "dist");
  const project = join(root, "build", `package-${process.pid}.json`);
  mkdirSync(join(root, "build"), { recursive: true });
  rmSync(dist, { recursive: true, force: true });
  writeFileSync(project, JSON.stringify({
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false, declaration: true, rewriteRelativeImportExtensions: true, customConditions: [], paths: ownNames(folder),
      rootDir: join(folder, "src"), outDir: dist, typeRoots: [join(root, "node_modules/@types")],
    },
    include: [join(folder, "src")],
  }));
  try {
    await execute("npx", ["--no-install", "tsc", "-p", project], { cwd: root });
  } catch (error) {
    throw new Error(`${folder}: type errors\n${(error as { stdout?: string }).stdout ?? String(error)}`);
  } finally {
    rmSync(project, { force: true });
  }
  return dist;
}

type Source = string | { default: string };

/** A package that imports itself by name means its sources: what `exports` names for everybody else is only being made. */
function ownNames(folder: string): Record<string, string[]> {
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string; exports: Record<string, string | { source: Source }> };
  return Object.fromEntries(Object.entries(exports).flatMap(([path, entry]) => {
    if (typeof entry === "string") return []; // a file that is published as it is
    const file = typeof entry.source === "string" ? entry.source : entry.source.default;
    return [[name + path.slice(1), [join(folder, file)]]];
  }));
}
