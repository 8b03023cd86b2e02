// SPDX-License-Identifier: Apache-2.0
// The keys that gateways trust for documents: which signs now, who knows it already, and a new one.
import { useState } from "preact/hooks";
import { api, type GatewayRow, type PublicKey } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Badge, Button, Heading, Loaded, plural } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Form } from "../ui/form.tsx";
import { notify } from "../ui/notices.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";

/** `trust`: enrolled gateways whose last report has the key, of those that have reported. */
interface Row { key: PublicKey; current: boolean; trust: number; reported: number }

async function load(): Promise<Row[]> {
  const [keys, gateways] = await Promise.all([api.keys(), api.allGateways()]);
  const lists = gateways.flatMap(({ state, reported }: GatewayRow) => (state === "enrolled" && reported ? [reported.keys] : []));
  // The API lists them oldest first; the newest that may sign does.
  const signs = keys.findLast(({ use }) => use === "sign")?.id;
  return keys.map((key) => ({ key, current: key.id === signs, trust: lists.filter((list) => list.includes(key.id)).length, reported: lists.length })).reverse();
}

const columns: Column<Row>[] = [
  { title: "Key", head: true, cell: ({ key }) => <code>{key.id}</code> },
  { title: "For", cell: ({ key, current }) => (key.use === "recovery" ? <>recovery<span class="sub">its private half is not here</span></> : current ? <Badge tone="good">signs now</Badge> : <>earlier documents<span class="sub">still trusted</span></>) },
  { title: "Trusted by", cell: ({ trust, reported }) => (reported === 0 ? <span class="muted">no gateway has reported yet</span> : <>{trust} of {plural(reported, "gateway")}</>) },
  { title: "Valid since", cell: ({ key }) => <Time at={key.notBefore} /> },
  { title: "Valid until", cell: ({ key }) => <Time at={key.notAfter} /> },
];

export function KeysPage() {
  const { everywhere } = useSession();
  const [open, setOpen] = useState(false);
  const resource = useResource("keys", load, ({ kind }) => kind === "audit" || kind === "gateway");
  const change = everywhere && <Button onClick={() => setOpen(true)}>Change signing key…</Button>;
  return (
    <>
      <Heading title="Signing keys" actions={change}><p class="muted">Gateways accept policies and settings only when one of these keys has signed them.</p></Heading>
      <Loaded resource={resource}>{(rows) => <Table label="Signing keys" columns={columns} rows={rows} id={({ key }) => key.id} />}</Loaded>
      {open && <Rotate done={() => { setOpen(false); resource.reload(); }} close={() => setOpen(false)} />}
    </>
  );
}

function Rotate({ done, close }: { done: () => void; close: () => void }) {
  const [why, setWhy] = useState("time");
  const send = async (): Promise<void> => {
    await api.rotateKey(why === "stolen");
    notify("A new key signs from now on.");
    done();
  };
  return (
    <Dialog title="Change signing key" close={close}>
      <Form send={send} submit="Change" danger={why === "stolen"} cancel={close}>
        <Choice label="Why" value={why} onValue={setWhy} options={[["time", "It is time for a new one"], ["stolen", "The present one may be in wrong hands"]]} />
        <ul class="lines">
          <li>A new key is made, and signs from now on.</li>
          <li>Gateways that are online know it within seconds, the others when they come back. What is in force stays.</li>
          {why === "time" ? <li>The present key stays trusted until it ends.</li> : (
            <>
              <li><strong>The present key is revoked:</strong> a gateway that knows this refuses whatever it signs. This cannot be taken back.</li>
              <li>A gateway that is away still believes it, until it comes back and trusts the new one.</li>
            </>)}
        </ul>
      </Form>
    </Dialog>
  );
}
