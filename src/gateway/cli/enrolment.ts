// SPDX-License-Identifier: Apache-2.0
// `securebox enroll` and `unenroll`: by the running gateway, or, where none runs, in its state directory.
import type { Platform } from "quickjs-ts";
import { EnrolmentFailure, type BackendAccess } from "../backend/access.ts";
import type { GatewayConfig } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { Unreachable } from "../control/client.ts";
import type { EnrollResult, UnenrollResult } from "../control/protocol.ts";
import { EventLog, type Log } from "../log.ts";
import { ask } from "./ask.ts";
import { UsageError, type OptionValues } from "./options.ts";
import { renderEnrolled, renderLeft } from "./render.ts";

export type OpenAccess = (config: GatewayConfig, log: Log) => BackendAccess;

/** A backend may be far away, and makes a certificate. */
const PATIENCE = 60_000;

export async function enroll(platform: Platform, operand: string, options: OptionValues, open: OpenAccess): Promise<number> {
  const token = (operand === "-" ? platform.processes.readStdin() : operand).trim();
  if (token === "") throw new UsageError("TOKEN: standard input is empty");
  const result = await byGateway<EnrollResult>(platform, options, "enroll", { token }) ?? await alone(platform, options, open, (access) => access.enrol(token));
  platform.processes.stdout(options.json ? `${JSON.stringify(result)}\n` : renderEnrolled(result));
  return 0;
}

export async function unenroll(platform: Platform, options: OptionValues, open: OpenAccess): Promise<number> {
  let result = await byGateway<UnenrollResult>(platform, options, "unenroll", {});
  const path = result ? undefined : loadConfig(platform, options).policy;
  result ??= leave(accessOf(platform, options, open));
  platform.processes.stdout(options.json ? `${JSON.stringify(result)}\n` : renderLeft(result, path));
  return 0;
}

/** undefined: no gateway runs. */
async function byGateway<R>(platform: Platform, options: OptionValues, method: string, params: object): Promise<R | undefined> {
  const { state: _, ...rest } = options;
  try {
    return await ask(platform, rest, { method, params, deadline: PATIENCE }) as R;
  } catch (error) {
    if (error instanceof Unreachable && !error.running) return undefined;
    throw error;
  }
}

function accessOf(platform: Platform, options: OptionValues, open: OpenAccess): BackendAccess {
  return open(loadConfig(platform, options), new EventLog(platform, { level: "warn", format: "text" }));
}

async function alone(platform: Platform, options: OptionValues, open: OpenAccess, join: (access: BackendAccess) => Promise<EnrollResult>): Promise<EnrollResult> {
  const access = accessOf(platform, options, open);
  const member = access.membership();
  if (member) throw new EnrolmentFailure("token", `already enrolled as ${member.gateway} of network ${member.network}: "securebox unenroll" first`);
  return join(access);
}

function leave(access: BackendAccess): UnenrollResult {
  const member = access.membership();
  if (!member) throw new EnrolmentFailure("token", "this gateway is not enrolled");
  access.leave();
  return member;
}
