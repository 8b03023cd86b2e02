// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api, type EnrolmentRequest, type GatewayRow } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Button, Empty, Heading, Loaded } from "../ui/basics.tsx";
import { notify } from "../ui/notices.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { AddGateway } from "./add-gateway.tsx";
import { CertificateEnd, Drift, Presence, Versions } from "./gateway-state.tsx";
import { useNetwork } from "./network.tsx";

const columns: Column<GatewayRow>[] = [
  { title: "Gateway", head: true, cell: (row) => <><Link href={`/networks/${row.network}/gateways/${row.id}`}>{row.id}</Link>{row.title && <span class="sub">{row.title}</span>}</> },
  { title: "Link", cell: (row) => <Presence gateway={row} /> },
  { title: "State", cell: (row) => <Drift gateway={row} /> },
  { title: "Policy in force", cell: (row) => <Versions gateway={row} /> },
  { title: "Certificate ends", cell: (row) => <CertificateEnd gateway={row} /> },
  { title: "Last message", cell: (row) => <Time at={row.lastSeen} /> },
];

export function GatewaysPage() {
  const { name } = useNetwork();
  const { may } = useSession();
  const [adding, setAdding] = useState(false);
  const resource = useResource(`gateways ${name}`, () => api.gateways(name), (event) => (event.kind === "gateway" || event.kind === "policy") && event.network === name || event.kind === "enrolment");
  const add = may("operator") && <Button kind="primary" onClick={() => setAdding(true)}>Add gateway</Button>;
  return (
    <>
      <Heading level={2} title="Gateways" path={[name]} actions={add} />
      <Requests network={name} />
      <Loaded resource={resource}>
        {(rows) => (rows.length > 0 ? <Table label="Gateways" columns={columns} rows={rows} id={({ id }) => id} /> : (
          <Empty title="No gateway has enrolled yet">
            <p>A gateway is an access point that runs Securebox. {may("operator") ? "Make a token here, then run one command on the access point." : "An operator can make a token for it."}</p>
            {add}
          </Empty>))}
      </Loaded>
      {adding && <AddGateway network={name} close={() => setAdding(false)} />}
    </>
  );
}

/** Gateways that lost their certificates and ask for new ones. */
function Requests({ network }: { network: string }) {
  const { data } = useResource("requests", () => api.enrolmentRequests(), ({ kind }) => kind === "enrolment");
  const open = data?.filter((row) => row.network === network && row.state === "open") ?? [];
  if (open.length === 0) return null;
  return (
    <section class="requests" aria-labelledby="requests">
      <h3 id="requests">Asking to enrol again</h3>
      <p>These gateways have lost their certificates. Where the key is new, compare its fingerprint with the one that <code>securebox status</code> shows on the access point before you approve.</p>
      {open.map((row) => <Request key={row.id} request={row} />)}
    </section>
  );
}

function Request({ request }: { request: EnrolmentRequest }) {
  const { may } = useSession();
  const [state, setState] = useState<{ busy: boolean; error?: string }>({ busy: false });
  const decide = async (approve: boolean): Promise<void> => {
    setState({ busy: true });
    try {
      await api.decide(request.id, approve);
      notify(`${request.gateway}: ${approve ? "approved; it fetches its certificate by itself" : "rejected"}.`);
    } catch (error) {
      setState({ busy: false, error: (error as Error).message });
    }
  };
  return (
    <article class="request" aria-label={`Request of ${request.gateway}`}>
      <p><strong>{request.gateway}</strong> asked <Time at={request.created} /> from {request.remote}. {request.sameKey ? "It has the same key as before." : <strong>Its key is new: make sure that it is your device.</strong>}</p>
      <p>Key fingerprint <code class="fingerprint">{request.keyFingerprint}</code></p>
      {state.error && <p class="note bad" role="alert">{state.error}</p>}
      {may("operator") && <div class="actions"><Button kind="primary" busy={state.busy} onClick={() => decide(true)}>Approve</Button><Button disabled={state.busy} onClick={() => decide(false)}>Reject</Button></div>}
    </article>
  );
}
