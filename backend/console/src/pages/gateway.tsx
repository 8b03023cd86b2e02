// SPDX-License-Identifier: Apache-2.0
// One gateway: what it should do, what it says that it does, and what it refused.
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { api, type GatewayRow } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Badge, Button, Facts, Heading, Loaded } from "../ui/basics.tsx";
import { Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { EventsPage } from "./events.tsx";
import { GatewayDialog, type GatewayAction } from "./gateway-actions.tsx";
import { CertificateEnd, Drift, Presence, Versions } from "./gateway-state.tsx";
import { useNetwork } from "./network.tsx";

type Reported = NonNullable<GatewayRow["reported"]>;

export function GatewayPage({ id }: { id: string }) {
  const { name } = useNetwork();
  const { may } = useSession();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState<GatewayAction | undefined>();
  const resource = useResource(`gateway ${id}`, () => api.gateway(id), (event) => event.kind === "gateway" && event.gateway === id || event.kind === "policy" && event.network === name);
  const actions = may("operator") && resource.data && (
    <>
      <Button onClick={() => setOpen("name")}>Name…</Button>
      {resource.data.state === "enrolled" ? <Button kind="danger" onClick={() => setOpen("revoke")}>Revoke…</Button> : <Button kind="danger" onClick={() => setOpen("remove")}>Remove…</Button>}
    </>
  );
  return (
    <>
      <nav class="trail" aria-label="Where this is in the network"><Link href={`/networks/${name}/gateways`}>Gateways</Link> <span aria-hidden="true">/</span></nav>
      <Heading level={2} title={id} path={[name]} actions={actions}>{resource.data?.title && <p class="muted">{resource.data.title}</p>}</Heading>
      <Loaded resource={resource}>{(gateway) => <Gateway gateway={gateway} />}</Loaded>
      {open && <GatewayDialog gateway={resource.data!} action={open} close={() => setOpen(undefined)} gone={() => navigate(`/networks/${name}/gateways`)} />}
    </>
  );
}

function Gateway({ gateway }: { gateway: GatewayRow }) {
  const { reported } = gateway;
  return (
    <>
      {reported?.refused && <Refused refused={reported.refused} />}
      <Facts rows={[
        ["Link", <><Presence gateway={gateway} /> {gateway.presenceSince && <>since <Time at={gateway.presenceSince} /></>}</>],
        ["State", <Drift gateway={gateway} />],
        ["Policy in force", <Versions gateway={gateway} />],
        ["Certificate ends", <CertificateEnd gateway={gateway} />],
        ["Last message", <Time at={gateway.lastSeen} />],
        ["Enrolled", <Time at={gateway.created} />],
        ...(reported ? reportedFacts(reported, gateway.reportedAt) : []),
      ]} />
      {reported && <Report reported={reported} />}
      <h3>Events</h3>
      <EventsPage network={gateway.network} gateway={gateway.id} page={10} />
    </>
  );
}

function reportedFacts(reported: Reported, at: string | undefined): [string, preact.ComponentChildren][] {
  const { gateway, clock, eventsLost } = reported;
  const bridge = reported.switch;
  return [
    ["Version", `${gateway.version} on ${gateway.engine}`],
    ["Running since", <Time at={gateway.started} />],
    ["Switch", <>{bridge.bridge}, {bridge.software ?? "unknown software"} {bridge.state === "ready" ? <Badge tone="good">ready</Badge> : <Badge tone="bad">{bridge.state}</Badge>}</>],
    ["Clock", clock === "trusted" ? "trusted" : <Badge tone="warn">not known yet</Badge>],
    ["Events lost", eventsLost === 0 ? "none" : <Badge tone="warn">{eventsLost}</Badge>],
    ["Reported", <Time at={at} />],
  ];
}

function Refused({ refused }: { refused: NonNullable<Reported["refused"]> }) {
  return (
    <div class="note bad">
      <p><strong>It refused a document ({refused.kind}{refused.sequence === undefined ? "" : `, number ${refused.sequence}`}): {refused.message}</strong></p>
      <p>Reason <code>{refused.code}</code>, <Time at={refused.at} />. What was in force before stays in force.</p>
    </div>
  );
}

function Report({ reported }: { reported: Reported }) {
  const { policy, problems, overrides } = reported;
  return (
    <>
      <Lines title="Problems" lines={problems} />
      <Lines title="Problems of its policy" lines={policy.problems.map(({ field, message, line }) => `${line ? `line ${line}, ` : ""}${field}: ${message}`)} />
      <Lines title="Accepted but not enforced" lines={policy.unenforced.map(({ path, reason }) => `${path}: ${reason}`)} />
      <Lines title="Unknown fields, ignored" lines={policy.ignored} />
      <Lines title="Its own decisions, before all rules" lines={overrides.map(({ text, at }) => `${text} (${new Date(at).toLocaleString()})`)} />
      <h3>Ports</h3>
      {reported.switch.ports.length === 0 ? <p class="muted">The switch has no ports.</p> : (
        <Table label="Ports" rows={reported.switch.ports} id={({ name }) => name} columns={[
          { title: "Port", head: true, cell: ({ name }) => <code>{name}</code> },
          { title: "Role", cell: ({ role }) => role },
          { title: "Number", cell: ({ number }) => number ?? <span class="muted">not there</span> },
        ]} />)}
    </>
  );
}

function Lines({ title, lines }: { title: string; lines: string[] }) {
  if (lines.length === 0) return null;
  return <><h3>{title}</h3><ul class="lines">{lines.map((line) => <li key={line}>{line}</li>)}</ul></>;
}
