// SPDX-License-Identifier: Apache-2.0
// Answers as text for people.
import type { Problem, PublicKey } from "@securebox/contract";
import type { DeviceRow, DryRun, DryRunCut, EnrolmentRequest, EventRow, GatewayRow, LiveEvent, NetworkRow, PolicyVersion } from "../ports.ts";
import type { TokenRow } from "../api/accounts/tokens.ts";

/** Text from elsewhere goes to a terminal: control characters would move its cursor or worse. */
export const clean = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
const at = (iso: string | undefined): string => (iso === undefined ? "-" : iso.slice(0, 19).replace("T", " "));

export function columns(rows: readonly string[][]): string {
  const cells = rows.map((row) => row.map((cell) => clean(cell).replaceAll("\n", " ")));
  const widths = cells[0]!.map((_, index) => Math.max(...cells.map((row) => row[index]!.length)));
  return cells.map((row) => `${row.map((cell, index) => cell.padEnd(widths[index]!)).join("  ").trimEnd()}\n`).join("");
}

function table<Row>(rows: readonly Row[], none: string, head: string[], cells: (row: Row) => string[]): string {
  return rows.length === 0 ? `${none}\n` : columns([head, ...rows.map(cells)]);
}

export const networks = (rows: NetworkRow[]): string =>
  table(rows, "no networks yet: \"securebox-backend networks add NAME\"", ["NETWORK", "POLICY", "CREATED", "TITLE"], (row) => [row.name, row.policyVersion === 0 ? "none" : `version ${row.policyVersion}`, at(row.created), row.title]);

export const gateways = (rows: GatewayRow[]): string =>
  table(rows, "no gateways yet: \"securebox-backend enroll\"", ["GATEWAY", "NETWORK", "STATE", "POLICY", "LAST SEEN", "DIFFERS"], (row) => [
    row.id, row.network, row.state === "revoked" ? "revoked" : row.presence, `${row.reported?.desired?.version ?? "-"}/${row.desired?.version ?? "-"}`, at(row.lastSeen), row.drift?.message ?? "",
  ]);

export const devices = (rows: DeviceRow[]): string =>
  table(rows, "no devices reported", ["MAC", "NAME", "NETWORK", "GATEWAY", "PORT", "ADDRESSES", "GROUPS", ""], (row) => [
    row.mac, row.name ?? "-", row.network, row.gateway, row.port || "-", row.addresses.join(",") || "-", row.groups.join(",") || "-",
    [row.quarantined ? "quarantined" : "", row.blocked ? `blocked${row.reason ? ` (${row.reason})` : ""}` : "", row.associated ? "" : "away"].filter(Boolean).join(", "),
  ]);

export const history = (rows: Omit<PolicyVersion, "policy" | "text">[]): string =>
  table(rows, "no versions", ["VERSION", "WHEN", "WHO", "WHY"], (row) => [String(row.version), at(row.created), row.author, `${row.rolledBackFrom ? `(back to ${row.rolledBackFrom}) ` : ""}${row.reason}`]);

export const requests = (rows: EnrolmentRequest[]): string =>
  table(rows, "no requests", ["REQUEST", "GATEWAY", "NETWORK", "STATE", "FROM", "KEY"], (row) => [row.id, row.gateway, row.network, row.state, row.remote, row.sameKey ? "the one it had" : `NEW: ${row.keyFingerprint}`]);

export const tokens = (rows: TokenRow[]): string =>
  table(rows, "no tokens", ["ID", "TITLE", "OWNER", "ROLE", "NETWORKS", "EXPIRES", "USED"], (row) => [
    String(row.id), row.title, row.owner ?? "-", row.role, row.networks?.join(",") ?? "all", row.revoked ? "revoked" : at(row.expires), at(row.used),
  ]);

export const keys = (rows: PublicKey[]): string =>
  table(rows, "no keys", ["KEY", "USE", "FROM", "UNTIL"], (row) => [row.id, row.use, at(new Date(row.notBefore).toISOString()), at(new Date(row.notAfter).toISOString())]);

export const problems = (file: string, list: Problem[]): string =>
  list.map(({ line, column, field, message, expected, suggestion }) =>
    clean(`${file}:${line}:${column}: ${field ? `${field}: ` : ""}${message}${expected ? `; expected ${expected}` : ""}${suggestion ? `; did you mean ${suggestion}?` : ""}`) + "\n").join("");

const CUT: Record<DryRunCut, (run: DryRun) => string> = {
  devices: () => "only the 500 devices seen last were compared",
  changes: ({ changes, total, cut }) => `these are the first ${changes.length} of ${cut.includes("time") ? "at least " : ""}${total} decisions that change`,
  time: () => "comparing all decisions takes too long",
};

export function dryRun(file: string, run: DryRun): string {
  const warnings = problems(file, run.warnings).replaceAll(/^/gm, "warning: ").replace(/warning: $/, "");
  const pending = run.unenforced.map((item) => `not enforced yet: ${item.path}${item.line ? ` (line ${item.line})` : ""}: ${item.reason}\n`).join("");
  const changed = run.changes.map(({ from, to, service, before, after }) => [from, "->", to, service, `${before} => ${after}`]);
  const decisions = changed.length === 0 ? `no decision between ${run.cut.every((why) => why === "changes") ? "known" : "the compared"} devices changes\n` : `decisions that change:\n${columns(changed).replaceAll(/^(?=.)/gm, "  ")}`;
  const left = run.cut.map((why) => `not all is shown: ${CUT[why](run)}\n`).join("");
  return clean(`${problems(file, run.problems)}${warnings}${pending}${run.diff === "" ? "the text is the same\n" : run.diff.replace(/\n?$/, "\n")}${run.valid ? decisions + left : ""}`);
}

/** One line of `tail`. */
export function live(event: LiveEvent, now: string): string {
  switch (event.kind) {
    case "event": return clean(eventLine(event.event));
    case "policy": return clean(`${at(now)} ${event.network}: policy version ${event.version ?? "?"}`);
    case "gateway": case "devices": return clean(`${at(now)} ${event.network}/${event.gateway}: ${event.kind === "gateway" ? "state" : "devices"} changed`);
    case "network": return clean(`${at(now)} ${event.network}: settings changed`);
    default: return `${at(now)} ${event.kind === "audit" ? "audit log" : "enrolment requests"} changed`;
  }
}

function eventLine({ at: when, network, gateway, level, event, fields }: EventRow): string {
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${/\s/.test(String(value)) ? JSON.stringify(value) : value}`).join("");
  return `${at(when)} ${network}/${gateway ?? "-"} ${level} ${event}${rest}`;
}
