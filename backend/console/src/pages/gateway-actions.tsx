// SPDX-License-Identifier: Apache-2.0
// What an operator does to one gateway: name it, put it out, forget it.
import { useState } from "preact/hooks";
import { api, type GatewayRow } from "../api/api.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Form, Reason } from "../ui/form.tsx";
import { notify } from "../ui/notices.tsx";

export type GatewayAction = "name" | "revoke" | "remove";
interface Options { gateway: GatewayRow; close: () => void; /** Its page has nothing more to show. */ gone: () => void }

export function GatewayDialog({ action, ...options }: Options & { action: GatewayAction }) {
  if (action === "name") return <Name {...options} />;
  return action === "revoke" ? <Revoke {...options} /> : <Remove {...options} />;
}

function Name({ gateway: { id, title }, close }: Options) {
  const [text, setText] = useState(title);
  const send = async (): Promise<void> => {
    await api.nameGateway(id, text.trim());
    close();
  };
  return (
    <Dialog title={`Name of ${id}`} close={close}>
      <Form send={send} submit="Save" cancel={close}><Field label="Title" hint="For people: where it hangs, say. The identifier stays" maxLength={200} value={text} onValue={setText} /></Form>
    </Dialog>
  );
}

function Revoke({ gateway: { id }, close }: Options) {
  const [reason, setReason] = useState("");
  const send = async (): Promise<void> => {
    await api.revoke(id, reason);
    notify(`${id} is revoked.`);
    close();
  };
  return (
    <Dialog title={`Revoke ${id}`} close={close}>
      <p>For a gateway that was stolen, sold or replaced:</p>
      <ul class="lines">
        <li>Its certificate is worthless from now on, its connection is closed, and what it says is ignored.</li>
        <li>It gets no more policies. The device goes on with the one that it has.</li>
        <li>This cannot be taken back. To use the device again, enrol it with a new token for <strong>{id}</strong>; those made before are void.</li>
      </ul>
      <Form send={send} submit="Revoke" danger cancel={close}><Reason value={reason} onValue={setReason} hint="For the audit log, for example: stolen" /></Form>
    </Dialog>
  );
}

function Remove({ gateway: { id }, close, gone }: Options) {
  const send = async (): Promise<void> => {
    await api.removeGateway(id);
    notify(`${id} is removed.`);
    gone();
  };
  return (
    <Dialog title={`Remove ${id}`} close={close}>
      <p>Its last report, and the devices that only it has seen, are forgotten. Its events and the audit log stay. It stays revoked; its identifier can be given to another gateway.</p>
      <Form send={send} submit="Remove" danger cancel={close} />
    </Dialog>
  );
}
