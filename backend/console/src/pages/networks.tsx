// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { api, type EnrolmentRequest, type GatewayRow, type NetworkRow } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Badge, Button, Empty, Heading, Loaded, plural } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Form } from "../ui/form.tsx";
import { Table, type Column } from "../ui/table.tsx";

interface Summary { network: NetworkRow; gateways: number; online: number; drift: number; requests: number }

async function load(): Promise<Summary[]> {
  const [networks, gateways, requests] = await Promise.all([api.networks(), api.allGateways(), api.enrolmentRequests()]);
  return networks.map((network) => summarise(network, gateways.filter((row) => row.network === network.name && row.state === "enrolled"), requests));
}

function summarise(network: NetworkRow, gateways: GatewayRow[], requests: EnrolmentRequest[]): Summary {
  const count = (test: (row: GatewayRow) => boolean): number => gateways.filter(test).length;
  return {
    network, gateways: gateways.length, online: count((row) => row.presence === "online"), drift: count((row) => row.drift !== undefined),
    requests: requests.filter((row) => row.network === network.name && row.state === "open").length,
  };
}

const columns: Column<Summary>[] = [
  { title: "Network", head: true, cell: ({ network }) => <><Link href={`/networks/${network.name}`}>{network.name}</Link>{network.title && <span class="sub">{network.title}</span>}</> },
  { title: "Gateways online", cell: ({ online, gateways }) => (gateways === 0 ? <span class="muted">none yet</span> : `${online} of ${gateways}`) },
  { title: "State", cell: (row) => <State {...row} /> },
  { title: "Policy", cell: ({ network }) => (network.policyVersion === 0 ? <span class="muted">none yet</span> : <Link href={`/networks/${network.name}/policy`}>version {network.policyVersion}</Link>) },
];

function State({ network, gateways, drift, requests }: Summary) {
  return (
    <span class="badges">
      {gateways === 0 && <span class="muted">waits for its first gateway</span>}
      {drift > 0 ? <Badge tone="warn">{plural(drift, "gateway")} not as desired</Badge> : gateways > 0 && <Badge tone="good">as desired</Badge>}
      {requests > 0 && <Link href={`/networks/${network.name}/gateways`}><Badge tone="warn">{plural(requests, "request")} to enrol again</Badge></Link>}
    </span>
  );
}

export function NetworksPage() {
  const { everywhere } = useSession();
  const [adding, setAdding] = useState(false);
  const resource = useResource("networks", load, ({ kind }) => ["network", "policy", "gateway", "enrolment"].includes(kind));
  const add = everywhere && <Button kind="primary" onClick={() => setAdding(true)}>Add network</Button>;
  return (
    <>
      <Heading title="Networks" actions={add} />
      <Loaded resource={resource}>
        {(rows) => (rows.length > 0 ? <Table label="Networks" columns={columns} rows={rows} id={({ network }) => network.name} /> : (
          <Empty title="There are no networks yet">
            <p>A network is a set of access points under one policy: a home, a school, a shop. {everywhere ? "Add the first one, then enrol its gateways." : "An administrator adds them; ask for access to yours."}</p>
            {add}
          </Empty>))}
      </Loaded>
      {adding && <AddNetwork close={() => setAdding(false)} />}
    </>
  );
}

function AddNetwork({ close }: { close: () => void }) {
  const [, navigate] = useLocation();
  const [name, setName] = useState("");
  const [title, setTitle] = useState("");
  const send = async (): Promise<void> => {
    await api.addNetwork(name, title);
    close();
    navigate(`/networks/${name}/gateways`);
  };
  return (
    <Dialog title="Add network" close={close}>
      <Form send={send} submit="Add network" cancel={close}>
        <Field label="Name" hint="Letters a to z, digits and dashes; stands in the policy as network: NAME and cannot be changed" required autoFocus maxLength={63} pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" value={name} onValue={setName} />
        <Field label="Title" hint="For people; optional" maxLength={200} value={title} onValue={setTitle} />
      </Form>
    </Dialog>
  );
}
