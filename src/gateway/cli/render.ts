// SPDX-License-Identifier: Apache-2.0
// Answers as text for people.
import type { DeviceResult, ExplainResult, PolicyShowResult, StatusResult } from "../control/protocol.ts";

type Row = [label: string, value: string | undefined];

export function renderStatus(status: StatusResult): string {
  const rows: Row[] = [
    ["gateway", `${status.healthy ? "healthy" : "NOT HEALTHY"}, version ${status.version} on ${status.engine}, process ${status.pid}, up ${duration(status.uptime)}`],
    ["switch", switchLine(status)],
    ["ports", status.switch.ports.map((port) => `${port.name} ${port.role}${port.number === undefined ? " (missing)" : ""}`).join(", ")],
    ["policy", policyLine(status)],
    ["devices", devicesLine(status)],
    ["held", `${status.held.now} packets now, ${status.held.released} released, ${status.held.dropped} dropped`],
    ["stations", status.stations.source === "none" ? "learnt from frames" : `${status.stations.path} ${status.stations.source}`],
    ["state", `${status.state.path}${status.state.error ? ` NOT SAVED: ${status.state.error}` : ""}`],
    ["memory", `${megabytes(status.memory.resident)} resident, ${megabytes(status.memory.peak)} at most`],
  ];
  const problems = status.problems.map((problem) => `problem: ${problem}\n`).join("");
  const errors = status.policy.errors.map((error) => `policy error: ${place(status.policy.path, error)}\n`).join("");
  const pending = status.policy.unenforced.map((item) => `not enforced yet: ${item.path}${item.line ? ` (line ${item.line})` : ""}: ${item.reason}\n`).join("");
  return `${table(rows)}${problems}${errors}${pending}`;
}

function switchLine({ switch: state }: StatusResult): string {
  const version = state.version ? `, OpenFlow ${state.version}${state.software ? `, Open vSwitch ${state.software}` : ""}` : "";
  return `${state.bridge} ${state.state}${version}, ${state.flows} flows${state.lastError ? `; last error: ${state.lastError}` : ""}`;
}

function policyLine({ policy }: StatusResult): string {
  if (policy.source === "none") return `none in force: everything is denied (${policy.path})`;
  const source = policy.source === "file" ? policy.path : `last valid version of ${policy.path}`;
  return `"${policy.network}", ${policy.rules} rules, ${policy.groups} groups, in force since ${policy.since} (${source})`;
}

function devicesLine({ devices }: StatusResult): string {
  const marks = [devices.quarantined > 0 ? `, ${devices.quarantined} quarantined` : "", devices.blocked > 0 ? `, ${devices.blocked} blocked` : ""];
  return `${devices.known} known, ${devices.present} present${marks.join("")}`;
}

export function renderDevices(devices: DeviceResult[]): string {
  if (devices.length === 0) return "no devices known\n";
  const rows = devices.map((device) => [
    device.mac, device.name ?? "-", device.port || "-", device.addresses.join(",") || "-", device.groups.join(",") || "-",
    [device.quarantined ? "quarantined" : "", device.blocked ? `blocked${device.reason ? ` (${device.reason})` : ""}` : ""].filter(Boolean).join(" "),
  ]);
  return columns([["MAC", "NAME", "PORT", "ADDRESSES", "GROUPS", ""], ...rows]);
}

export function renderExplain(result: ExplainResult): string {
  const rule = result.ruleText === undefined ? [] : [`  ${result.ruleText}`];
  return `${[...result.lines, ...rule].join("\n")}\n`;
}

export function renderPolicy(result: PolicyShowResult): string {
  const overrides = result.overrides.map((record) => `# override ${record.id}, ${record.at}: ${record.text}\n`).join("");
  if (result.source === "none") return `# no policy in force: everything is denied\n${overrides}`;
  const note = result.source === "last-valid" ? "# the file is invalid or gone; this is the last valid policy\n" : "";
  return `${note}${overrides}${JSON.stringify(result.policy, undefined, 2)}\n`;
}

/** `FILE:LINE:COLUMN: field: message` */
export function place(file: string, problem: { line?: number; column?: number; field: string; message: string }): string {
  const position = problem.line === undefined ? "" : `:${problem.line}${problem.column === undefined ? "" : `:${problem.column}`}`;
  return `${file}${position}: ${problem.field ? `${problem.field}: ` : ""}${problem.message}`;
}

function table(rows: Row[]): string {
  return rows.filter(([, value]) => value !== undefined && value !== "").map(([label, value]) => `${`${label}:`.padEnd(10)}${value}\n`).join("");
}

function columns(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}\n`).join("");
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
