// SPDX-License-Identifier: Apache-2.0
// API tokens of programs. Everybody has their own; an administrator sees all.
import { useState } from "preact/hooks";
import { api, type Role, type TokenRow } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Badge, Button, Empty, Heading, Loaded } from "../ui/basics.tsx";
import { Copyable } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { notify } from "../ui/notices.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { NetworksField, networksOf, rolesUpTo } from "./role-fields.tsx";

export function TokensPage() {
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<TokenRow | undefined>();
  const resource = useResource("tokens", api.tokens, ({ kind }) => kind === "audit");
  const add = <Button kind="primary" onClick={() => setAdding(true)}>Make token</Button>;
  const columns: Column<TokenRow>[] = [
    { title: "Token", head: true, cell: ({ title, owner }) => <>{title}<span class="sub">{owner ?? "of the backend itself"}</span></> },
    { title: "May", cell: ({ role, networks }) => <>{role}{networks && <span class="sub">{networks.join(", ")}</span>}</> },
    { title: "State", cell: tokenState },
    { title: "Last used", cell: ({ used }) => <Time at={used} /> },
    { title: "Revoke", bare: true, cell: (row) => !row.revoked && <Button kind="quiet" aria-label={`Revoke ${row.title}`} onClick={() => setRemoving(row)}>Revoke</Button> },
  ];
  return (
    <>
      <Heading title="API tokens" actions={add}><p class="muted">For programs: sent as <code>Authorization: Bearer TOKEN</code>.</p></Heading>
      <Loaded resource={resource}>
        {(rows) => (rows.length > 0 ? <Table label="API tokens" columns={columns} rows={rows} id={({ id }) => id} /> : (
          <Empty title="There are no tokens"><p>Make one for each program that uses the API, with the least role that does.</p>{add}</Empty>))}
      </Loaded>
      {adding && <MakeToken close={() => { setAdding(false); resource.reload(); }} />}
      {removing && <RevokeToken token={removing} close={() => { setRemoving(undefined); resource.reload(); }} />}
    </>
  );
}

function tokenState({ revoked, expires }: TokenRow) {
  if (revoked) return <Badge tone="calm">revoked <Time at={revoked} /></Badge>;
  if (!expires) return <Badge tone="good">good</Badge>;
  return Date.parse(expires) < Date.now() ? <Badge tone="calm">expired <Time at={expires} /></Badge> : <>ends <Time at={expires} /></>;
}

function MakeToken({ close }: { close: () => void }) {
  const { me } = useSession();
  const [title, setTitle] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [networks, setNetworks] = useState("");
  const [days, setDays] = useState("90");
  const [token, setToken] = useState<string | undefined>();
  const send = async (): Promise<void> => {
    const names = networksOf(networks);
    setToken((await api.addToken({ title, role, days: Number(days), ...(names ? { networks: names } : {}) })).token);
  };
  if (token !== undefined) {
    return (
      <Dialog title={title} close={close} wide>
        <p>Keep it now: it is not shown again.</p>
        <Copyable label="Token" text={token} />
        <div class="form-actions"><Button kind="primary" onClick={close}>Done</Button></div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Make token" close={close}>
      <Form send={send} submit="Make token" cancel={close}>
        <Field label="Title" hint="What it is for" required autoFocus maxLength={100} value={title} onValue={setTitle} />
        <Choice label="Role" value={role} onValue={(value) => setRole(value as Role)} options={rolesUpTo(me.role)} />
        <NetworksField value={networks} onValue={setNetworks} />
        <Choice label="It holds for" value={days} onValue={setDays} options={[["7", "a week"], ["30", "30 days"], ["90", "90 days"], ["365", "a year"]]} />
      </Form>
    </Dialog>
  );
}

function RevokeToken({ token, close }: { token: TokenRow; close: () => void }) {
  const send = async (): Promise<void> => {
    await api.removeToken(token.id);
    notify(`${token.title} is revoked.`);
    close();
  };
  return <Dialog title={`Revoke ${token.title}`} close={close}><p>Programs that use it are refused from now on.</p><Form send={send} submit="Revoke" danger cancel={close} /></Dialog>;
}
