// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { api, type DryRun, type PolicyVersion } from "../api/api.ts";
import { ApiError } from "../api/client.ts";
import { plural } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Form, Reason } from "../ui/form.tsx";
import type { Draft } from "./draft.ts";
import { countOf } from "./dry-run.tsx";

interface Options { network: string; draft: Draft; /** Of exactly this text; absent: none was made. */ trial: DryRun | undefined; pushed: (policy: PolicyVersion) => void; conflict: () => void; close: () => void }

export function PushDialog({ network, draft, trial, pushed, conflict, close }: Options) {
  const [reason, setReason] = useState("");
  const send = async (): Promise<void> => {
    try {
      pushed(await api.push(network, draft.text, reason, draft.base));
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
      conflict();
    }
  };
  return (
    <Dialog title={`Push to ${network}`} close={close}>
      <p>{trial ? `${countOf(trial)} will change on ${plural(trial.gateways, "gateway")}.` : "There was no dry run of this text: you have not seen what it changes."}</p>
      <Form send={send} submit={`Push version ${draft.base + 1}`} cancel={close}>
        <Reason value={reason} onValue={setReason} hint="For the history: what this is for" />
      </Form>
    </Dialog>
  );
}
