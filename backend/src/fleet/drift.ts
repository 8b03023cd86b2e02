// SPDX-License-Identifier: Apache-2.0
import type { GatewayRow } from "../ports.ts";

/** How what a gateway reports differs from what it should be; undefined: not at all. `ahead`: the number of its document, where it is held for that (desired.ts). */
export function driftOf(row: Omit<GatewayRow, "drift">, ahead?: number): GatewayRow["drift"] {
  const { state, desired, reported, presence, presenceSince } = row;
  if (state === "revoked") return undefined;
  if (ahead !== undefined) return { kind: "held", message: `this backend was restored from an older backup: gateway has document ${ahead}, backend knows ${desired?.sequence ?? 0}; it gets nothing until you push a policy (the one here again confirms it)` };
  if (!reported) return { kind: "never-reported", message: "it was enrolled and has not reported since" };
  if (desired && reported.desired?.digest !== desired.digest) {
    const has = reported.desired ? `has version ${reported.desired.version}` : "has no policy of this backend";
    const { refused } = reported;
    if (refused?.kind === "desired" && refused.sequence === desired.sequence) return { kind: "refused", message: `it refused version ${desired.version} (${refused.code}): ${refused.message}` };
    if (presence === "offline") return { kind: "offline", message: `it ${has}, should have ${desired.version}, and is offline since ${presenceSince ?? "it was enrolled"}` };
    const [problem] = reported.problems;
    return { kind: "behind", message: `it ${has} and should have ${desired.version}${problem === undefined ? "" : `: ${problem}`}` };
  }
  if (!reported.healthy) return { kind: "unhealthy", message: reported.problems[0] ?? `its switch is ${reported.switch.state}` };
  return undefined;
}
