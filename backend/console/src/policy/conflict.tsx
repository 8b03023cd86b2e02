// SPDX-License-Identifier: Apache-2.0
// Somebody else pushed while this person was editing.
import { useState } from "preact/hooks";
import { api, type PolicyVersion } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { Button, Loaded } from "../ui/basics.tsx";
import { Time } from "../ui/time.tsx";
import type { Draft } from "./draft.ts";
import { Difference } from "./editor-box.tsx";

export function Conflict({ network, draft, current, keep, discard }: { network: string; draft: Draft; current: PolicyVersion; keep: () => void; discard: () => void }) {
  const [shown, setShown] = useState(true);
  return (
    <section class="note warn" aria-label="A newer version was pushed">
      <p role="alert"><strong>Version {current.version} was pushed by {current.author}</strong> <Time at={current.created} />: {current.reason}. Your text began from {draft.base === 0 ? "an empty one" : `version ${draft.base}`}, so pushing it would undo that.</p>
      <p>Take over what changed by hand and go on from version {current.version}, or drop your text.</p>
      <div class="actions">
        <Button aria-expanded={shown} onClick={() => setShown(!shown)}>{shown ? "Hide" : "Show"} what changed</Button>
        <Button onClick={keep}>Go on with my text from version {current.version}</Button>
        <Button kind="danger" onClick={discard}>Drop my text</Button>
      </div>
      {shown && <Changed network={network} base={draft.base} current={current} />}
    </section>
  );
}

function Changed({ network, base, current }: { network: string; base: number; current: PolicyVersion }) {
  const resource = useResource(`base ${network} ${base}`, async () => (base === 0 ? "" : (await api.policyVersion(network, base)).text));
  return <Loaded resource={resource}>{(before) => <Difference label={`From version ${base} to ${current.version}`} before={before} after={current.text} />}</Loaded>;
}
