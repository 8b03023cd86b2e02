// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { api } from "../api/api.ts";
import { useChanges } from "../api/resource.ts";
import { Button } from "../ui/basics.tsx";
import { Copyable } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { Time } from "../ui/time.tsx";

interface Made { token: string; gateway: string; expires: string }

export function AddGateway({ network, close }: { network: string; close: () => void }) {
  const [gateway, setGateway] = useState("");
  const [title, setTitle] = useState("");
  const [hours, setHours] = useState("24");
  const [made, setMade] = useState<Made | undefined>();
  const send = async (): Promise<void> => {
    const given = { ...(gateway ? { gateway } : {}), ...(title ? { title } : {}), lifetime: Number(hours) * 3600 };
    setMade(await api.makeEnrolmentToken(network, given));
  };
  if (made) return <Token made={made} close={close} />;
  return (
    <Dialog title="Add gateway" close={close}>
      <Form send={send} submit="Make token" cancel={close}>
        <Field label="Identifier" hint="Letters a to z, digits and dashes. Empty: one is made up" maxLength={63} pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" autoFocus value={gateway} onValue={setGateway} />
        <Field label="Title" hint="For people: where it hangs, say" maxLength={200} value={title} onValue={setTitle} />
        <Choice label="The token is good for" value={hours} onValue={setHours} options={[["1", "1 hour"], ["24", "1 day"], ["168", "1 week"]]} />
      </Form>
    </Dialog>
  );
}

function Token({ made, close }: { made: Made; close: () => void }) {
  const [enrolled, setEnrolled] = useState(false);
  useChanges((change) => change.kind === "gateway" && change.gateway === made.gateway, () => setEnrolled(true));
  return (
    <Dialog title={`Enrol ${made.gateway}`} close={close} wide>
      <p>Run this on the access point, as root. The token works once, and expires <Time at={made.expires} />. It is not shown again.</p>
      <Copyable label="Command" text={`securebox enroll ${made.token}`} />
      <p role="status" class={enrolled ? "note good" : "waiting"}>{enrolled ? `${made.gateway} has enrolled.` : "Waiting for the gateway…"}</p>
      <div class="form-actions"><Button kind={enrolled ? "primary" : "plain"} onClick={close}>Done</Button></div>
    </Dialog>
  );
}
