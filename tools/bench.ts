// SPDX-License-Identifier: Apache-2.0
// `npm run bench` measures everything, `npm run bench -- NAME...` some of it; each figure is one line of JSON on standard output.
import * as benches from "../bench/index.ts";

const all: Record<string, { about: string; run(): Promise<void> }> = benches;
const wanted = process.argv.slice(2).filter((name) => !name.startsWith("-"));

if (process.argv.includes("--help") || wanted.some((name) => !(name in all))) {
  const unknown = wanted.filter((name) => !(name in all));
  if (unknown.length) console.error(`no bench is called ${unknown.join(", ")}`);
  console.error("usage: npm run bench [-- NAME...]\n");
  for (const [name, { about }] of Object.entries(all)) console.error(`  ${name.padEnd(10)} ${about}`);
  process.exit(unknown.length ? 2 : 0);
}

let failed = 0;
for (const name of wanted.length ? wanted : Object.keys(all)) {
  console.error(`[bench] ${name}: ${all[name]!.about}`);
  try {
    await all[name]!.run();
  } catch (error) {
    failed++;
    console.error(`[bench] ${name} could not be measured: ${error instanceof Error ? error.stack : String(error)}`);
  }
}
process.exit(failed ? 1 : 0);
