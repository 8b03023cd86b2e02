// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { api, type Role, type UserRow } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Button, Heading, Loaded } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { notify } from "../ui/notices.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { NetworksField, networksOf, rolesUpTo } from "./role-fields.tsx";

type Open = { kind: "add" } | { kind: "password" | "remove"; user: UserRow };

export function UsersPage() {
  const { me } = useSession();
  const [open, setOpen] = useState<Open | undefined>();
  const resource = useResource("users", api.users, ({ kind }) => kind === "audit");
  const close = (): void => { setOpen(undefined); resource.reload(); };
  const columns: Column<UserRow>[] = [
    { title: "User", head: true, cell: ({ name }) => <>{name}{name === me.name && <span class="sub">you</span>}</> },
    { title: "Role", cell: ({ role }) => role },
    { title: "Networks", cell: ({ networks }) => networks?.join(", ") ?? "all" },
    { title: "Added", cell: ({ created }) => <Time at={created} /> },
    { title: "Actions", bare: true, cell: (user) => user.name !== me.name && (
      <span class="actions">
        <Button kind="quiet" aria-label={`Set the password of ${user.name}`} onClick={() => setOpen({ kind: "password", user })}>Set password</Button>
        <Button kind="quiet" aria-label={`Remove ${user.name}`} onClick={() => setOpen({ kind: "remove", user })}>Remove</Button>
      </span>) },
  ];
  return (
    <>
      <Heading title="Users" actions={<Button kind="primary" onClick={() => setOpen({ kind: "add" })}>Add user</Button>} />
      <Loaded resource={resource}>{(rows) => <Table label="Users" columns={columns} rows={rows} id={({ name }) => name} />}</Loaded>
      {open?.kind === "add" && <AddUser close={close} />}
      {open?.kind === "password" && <SetPassword user={open.user} close={close} />}
      {open?.kind === "remove" && <RemoveUser user={open.user} close={close} />}
    </>
  );
}

function AddUser({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const [networks, setNetworks] = useState("");
  const send = async (): Promise<void> => {
    const names = networksOf(networks);
    await api.addUser({ name, password, role, ...(names ? { networks: names } : {}) });
    notify(`${name} may sign in.`);
    close();
  };
  return (
    <Dialog title="Add user" close={close}>
      <Form send={send} submit="Add user" cancel={close}>
        <Field label="Name" hint="Letters a to z, digits, dots, dashes, _ and @" required autoFocus maxLength={63} pattern="[a-z0-9][a-z0-9._@\-]*" value={name} onValue={setName} />
        <PasswordField value={password} onValue={setPassword} />
        <Choice label="Role" value={role} onValue={(value) => setRole(value as Role)} options={rolesUpTo("administrator")} />
        <NetworksField value={networks} onValue={setNetworks} />
      </Form>
    </Dialog>
  );
}

function PasswordField({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  return <Field label="Password" type="password" autocomplete="new-password" hint="At least 12 characters" required minLength={12} maxLength={200} value={value} onValue={onValue} />;
}

function SetPassword({ user, close }: { user: UserRow; close: () => void }) {
  const [password, setPassword] = useState("");
  const send = async (): Promise<void> => {
    await api.setPassword(user.name, password);
    notify(`${user.name} has a new password.`);
    close();
  };
  return <Dialog title={`Password of ${user.name}`} close={close}><p>Their sessions end.</p><Form send={send} submit="Set password" cancel={close}><PasswordField value={password} onValue={setPassword} /></Form></Dialog>;
}

function RemoveUser({ user, close }: { user: UserRow; close: () => void }) {
  const send = async (): Promise<void> => {
    await api.removeUser(user.name);
    notify(`${user.name} is removed.`);
    close();
  };
  return <Dialog title={`Remove ${user.name}`} close={close}><p>Their sessions and tokens end at once. What they did stays in the audit log.</p><Form send={send} submit="Remove" danger cancel={close} /></Dialog>;
}
