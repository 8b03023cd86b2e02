// SPDX-License-Identifier: Apache-2.0
/*
 * npm test                                   everything: setup, types, runtime, sanitizers, all tests
 * npm test -- [--engine node|quickjs|both] [PART-OF-A-PATH...]   only the test files whose path contains one of the parts
 * The last line is "N passed, N failed"; exit status 0 only when something ran and nothing failed.
 */
import { parseArgs } from "node:util";
import { buildRunner } from "./compile/runtime.ts";
import { discover, enginesOf, runsAlone } from "./test/discover.ts";
import { runAll } from "./test/run-all.ts";
import type { Job } from "./test/run-file.ts";

const root = process.cwd();
const { values, positionals } = parseArgs({ options: { engine: { type: "string", default: "both" }, runtime: { type: "string", default: "" } }, allowPositionals: true });
if (!["node", "quickjs", "both"].includes(values.engine)) throw new Error(`--engine ${values.engine}: expected node, quickjs or both`);

const chosen = discover(root).filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)));
const jobs: Job[] = chosen.flatMap((file) =>
  enginesOf(file)
    .filter((engine) => values.engine === "both" || values.engine === engine)
    .map((engine) => ({ file, engine, deadline: runsAlone(file) ? 300_000 : 120_000 })));
if (!values.runtime && jobs.some((job) => job.engine === "quickjs")) values.runtime = await buildRunner(root);

const outcomes = await runAll(root, jobs, { node: [process.execPath, "--enable-source-maps"], quickjs: [values.runtime] });
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
