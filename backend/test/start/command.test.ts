// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";

test("bin/securebox-backend runs from anywhere, also through a link, with its operands relative to the caller", async () => {
  const directory = mkdtempSync("/tmp/sbb-");
  try {
    symlinkSync(resolve("bin/securebox-backend"), `${directory}/securebox-backend`);
    const call = promisify(execFile);
    const { stdout } = await call("./securebox-backend", ["help", "start"], { cwd: directory });
    assert.match(stdout, "securebox-backend start");
    const failed = await call("./securebox-backend", ["start", "--data", "data", "--listen", "nonsense"], { cwd: directory }).then(() => undefined, (error: { code: number; stderr: string }) => error);
    assert.is(failed?.code, 2);
    assert.match(failed!.stderr, "listen");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test.run();
