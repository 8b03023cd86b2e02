// SPDX-License-Identifier: Apache-2.0
// Answers as text for people.
import type { LinkStatus } from "../../backend-link/types.ts";
import type { ChangesResult, DeviceResult, EnrollResult, ExplainResult, PolicyShowResult, ReachPeer, ReachResult, StatusResult, UnenrollResult } from "../control/protocol.ts";

type Row = [label: string, value: string | undefined];

export function renderStatus(status: StatusResult): string {
  const rows: Row[] = [
    ["gateway", `${status.healthy ? "healthy" : "NOT HEALTHY"}, version ${status.version} on ${status.engine}, process ${status.pid}, up ${duration(status.uptime)}`],
    ["switch", switchLine(status)],
    ["ports", status.switch.ports.map((port) => `${port.name} ${port.role}${port.number === undefined ? " (missing)" : ""}`).join(", ")],
    ["policy", policyLine(status)],
    ["backend", status.backend && backendLine(status.backend)],
    ["devices", devicesLine(status)],
    ["held", `${status.held.now} packets now, ${status.held.released} released, ${status.held.dropped} dropped`],
    ["stations", status.stations.source === "none" ? "learnt from frames" : `${status.stations.path ?? "hostapd"} ${status.stations.source}`],
    ["state", `${status.state.path}${status.state.error ? ` NOT SAVED: ${status.state.error}` : ""}`],
    ["memory", `${megabytes(status.memory.resident)} resident, ${megabytes(status.memory.peak)} at most`],
  ];
  const problems = status.problems.map((problem) => `problem: ${problem}\n`).join("");
  const errors = status.policy.errors.map((error) => `policy error: ${place(status.policy.path, error)}\n`).join("");
  const pending = status.policy.unenforced.map((item) => `not enforced yet: ${item.path}${item.line ? ` (line ${item.line})` : ""}: ${item.reason}\n`).join("");
  const refused = status.backend?.refused;
  const refusal = refused ? `refused: ${refused.kind} document${refused.sequence === undefined ? "" : ` ${refused.sequence}`} (${refused.code}): ${refused.message}\n` : "";
  const link = status.backend ? linkProblems(status.backend) : "";
  const ignored = (status.policy.ignored ?? []).map((field) => `ignored: field ${field} of the backend's document is unknown to this version\n`).join("");
  return `${table(rows)}${problems}${errors}${refusal}${link}${pending}${ignored}`;
}

export function renderChanges({ supported, phase, id, history, problems }: ChangesResult): string {
  if (!supported) return "this gateway runs with a configuration file of its own: nothing of the device is changed\n";
  const lines = history.map(({ id: name, at, result, reason }) => `${at ?? "at an unknown time"} ${result}: ${name}${reason === undefined ? "" : `: ${reason}`}\n`);
  const now = id === undefined ? "" : `now ${phase}: ${id}\n`;
  return `${lines.length + now.length === 0 ? "no change so far\n" : ""}${lines.join("")}${now}${problems.map((problem) => `problem: ${problem}\n`).join("")}`;
}

/** `gw-1 of home at broker.example:8883, connected since ..., desired 12 (version 4), certificate until 2027-01-05, 3 events wait` */
function backendLine(link: LinkStatus): string {
  const { desired, outbox } = link;
  const parts = [
    `${link.gateway} of network ${link.network} at ${link.broker}`,
    linkState(link),
    desired ? `desired ${desired.sequence} (version ${desired.version})` : "no document of it in force yet",
    link.certificateExpires === undefined ? "no certificate" : `certificate until ${link.certificateExpires.slice(0, 10)}`,
    outbox.events > 0 ? `${outbox.events} events wait` : "",
    outbox.lost > 0 ? `${outbox.lost} events lost` : "",
    link.clock === "floor" ? "clock not confirmed" : "",
  ];
  return parts.filter(Boolean).join(", ");
}

/** What an operator of the backend, or the flash, has to do with it. */
function linkProblems({ storeError, enrolment }: LinkStatus): string {
  const waits = enrolment ? `approval: the certificate is lost or refused; approve this gateway in the console (key ${enrolment.keyFingerprint}${enrolment.lastError ? `; ${enrolment.lastError}` : ""})\n` : "";
  return `${storeError === undefined ? "" : `not stored: ${storeError}\n`}${waits}`;
}

function linkState({ state, synchronised, since, lastError, retryIn }: LinkStatus): string {
  if (state === "connected") return `connected since ${since}${synchronised ? "" : ", not synchronised yet"}`;
  const again = retryIn === undefined ? "" : `, next try in ${Math.round(retryIn)} s`;
  return `NOT CONNECTED${since === undefined ? "" : ` since ${since}`}${lastError === undefined ? "" : `: ${lastError}`}${again}`;
}

function switchLine({ switch: state }: StatusResult): string {
  const version = state.version ? `, OpenFlow ${state.version}${state.software ? `, Open vSwitch ${state.software}` : ""}` : "";
  return `${state.bridge} ${state.state}${version}, ${state.flows} flows${state.lastError ? `; last error: ${state.lastError}` : ""}`;
}

function policyLine({ policy, switch: { lastSync } }: StatusResult): string {
  if (policy.source === "none") return `none in force: everything is denied (${policy.path})`;
  const source = sourceText(policy);
  return `"${policy.network}", ${policy.rules} rules, ${policy.groups} groups, ${lastSync ? "in force" : "waits for the switch"} since ${policy.since} (${source})`;
}

function sourceText({ source, path, version }: StatusResult["policy"]): string {
  if (source === "backend") return `from the backend, version ${version}`;
  return source === "file" ? path : `last valid version of ${path}`;
}

function devicesLine({ devices }: StatusResult): string {
  const marks = [devices.quarantined > 0 ? `, ${devices.quarantined} quarantined` : "", devices.blocked > 0 ? `, ${devices.blocked} blocked` : ""];
  return `${devices.known} known, ${devices.present} present${marks.join("")}`;
}

export function renderDevices(devices: DeviceResult[]): string {
  if (devices.length === 0) return "no devices known\n";
  const rows = devices.map((device) => [
    device.mac, nameText(device), device.port || "-", device.addresses.join(",") || "-", device.groups.join(",") || "-",
    [device.announced?.alike ? `name unproved, looks like that of ${device.announced.alike}` : "", device.quarantined ? "quarantined" : "", device.isolated ? "isolated" : "", device.blocked ? `blocked${device.reason ? ` (${device.reason})` : ""}` : ""].filter(Boolean).join(" "),
  ]);
  return columns([["MAC", "NAME", "PORT", "ADDRESSES", "GROUPS", ""], ...rows]);
}

/** One that the device only announces stands in brackets. */
function nameText({ name, announced }: DeviceResult): string {
  return name ?? (announced ? `(${announced.name})` : "-");
}

export function renderExplain(result: ExplainResult): string {
  const rule = result.ruleText === undefined ? [] : [`  ${result.ruleText}`];
  return `${[...result.lines, ...rule].join("\n")}\n`;
}

export function renderReach({ device, name, peers }: ReachResult): string {
  const way = (verdict: ReachPeer["to"], services: string[] | undefined): string => services ? services.join(" ") : verdict;
  const rows = peers.map((peer) => [peer.mac, peer.name ?? "", way(peer.to, peer.toServices), way(peer.from, peer.fromServices)]);
  return `${name === undefined ? device : `${name} (${device})`}\n${columns([["PEER", "NAME", "TO IT", "FROM IT"], ...rows])}`;
}

export function renderPolicy(result: PolicyShowResult): string {
  const overrides = result.overrides.map((record) => `# override ${record.id}, ${record.at}: ${record.text}\n`).join("");
  if (result.source === "none") return `# no policy in force: everything is denied\n${overrides}`;
  const note = result.source === "last-valid" ? "# the file is invalid or gone; this is the last valid policy\n" : result.source === "backend" ? "# from the backend; the policy file is not read\n" : "";
  return `${note}${overrides}${JSON.stringify(result.policy, undefined, 2)}\n`;
}

export function renderEnrolled({ network, gateway, broker }: EnrollResult): string {
  return `enrolled as ${gateway} of network ${network}; broker ${broker}\nThe backend's policy comes into force as soon as it arrives: see "securebox status".\n`;
}

export function renderLeft({ network, gateway, policy }: UnenrollResult, path?: string): string {
  const now: Record<NonNullable<UnenrollResult["policy"]>, string> = {
    file: "The policy file is in force now.", "last-valid": "The policy file is invalid or gone: its last valid version is in force now.",
    none: "There is no policy file: everything is denied until there is one.", backend: "",
  };
  return `left network ${network}: key, certificate and policy of the backend are removed\n${policy === undefined ? `The policy file ${path} counts when the gateway starts.` : now[policy]}\nThe backend still lists ${gateway}: revoke it there if it is not to come back.\n`;
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
