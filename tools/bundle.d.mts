// SPDX-License-Identifier: Apache-2.0
import type { BuildOptions, BuildResult } from "esbuild";
export function bundleOptions(engine: "node" | "quickjs"): BuildOptions;
export function bundle(entry: string, outfile: string | undefined, engine: "node" | "quickjs", more?: BuildOptions): Promise<BuildResult>;
