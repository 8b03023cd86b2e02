// SPDX-License-Identifier: Apache-2.0
// What a gateway's row says about it, in words.
import type { GatewayRow } from "../api/api.ts";
import { Badge, type Tone } from "../ui/basics.tsx";
import { Time } from "../ui/time.tsx";

/** Certificates are renewed after two thirds of their life; this near to the end something hinders that. Milliseconds. */
const SOON = 14 * 86_400_000;

export function Presence({ gateway }: { gateway: GatewayRow }) {
  if (gateway.state === "revoked") return <Badge tone="calm">revoked</Badge>;
  return gateway.presence === "online" ? <Badge tone="good">online</Badge> : <Badge tone="bad">offline</Badge>;
}

const DRIFT: Record<NonNullable<GatewayRow["drift"]>["kind"], [text: string, tone: Tone]> = {
  "never-reported": ["never reported", "warn"], held: ["held back", "bad"], refused: ["refused", "bad"], behind: ["behind", "warn"], offline: ["unknown", "warn"], unhealthy: ["unhealthy", "bad"],
};

/** Whether it is as desired, and if not, why not. */
export function Drift({ gateway }: { gateway: GatewayRow }) {
  if (gateway.state === "revoked") return <span class="muted">may not connect</span>;
  const { drift, reported, desired } = gateway;
  if (!drift) return desired ? <Badge tone="good">as desired</Badge> : <span class="muted">nothing desired yet</span>;
  const [text, tone] = DRIFT[drift.kind];
  return <><Badge tone={tone}>{text}</Badge> <span class="reason"><Words text={drift.message} />{drift.kind === "refused" && reported?.refused && !drift.message.includes(reported.refused.message) ? `: ${reported.refused.message}` : ""}</span></>;
}

/** A sentence of the backend; the times in it are made readable. */
function Words({ text }: { text: string }) {
  return <>{text.split(/(\d{4}-\d\d-\d\dT[\d:.]+Z)/).map((part, index) => (index % 2 === 1 ? <Time key={part} at={part} /> : part))}</>;
}

export function Versions({ gateway: { desired, reported } }: { gateway: GatewayRow }) {
  const due = desired?.version;
  const there = reported?.desired?.version;
  if (due === undefined && there === undefined) return <span class="muted">none</span>;
  if (due === there) return <>version {due}</>;
  return <>{there === undefined ? "none" : `version ${there}`}<span class="sub">should be {due === undefined ? "none" : `version ${due}`}</span></>;
}

export function CertificateEnd({ gateway: { certificate, state } }: { gateway: GatewayRow }) {
  if (!certificate) return <span class="muted">none</span>;
  const left = Date.parse(certificate.expires) - Date.now();
  const time = <Time at={certificate.expires} />;
  if (state === "revoked") return time;
  if (left < 0) return <Badge tone="bad">expired {time}</Badge>;
  return left < SOON ? <Badge tone="warn">{time}</Badge> : time;
}
