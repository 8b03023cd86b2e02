// SPDX-License-Identifier: Apache-2.0
// The policy of a network: editor, problems, dry run, push.
import { useEffect, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api, type DryRun, type PolicyVersion } from "../api/api.ts";
import { ApiError } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import type { Editor, PolicyResult } from "../editor/editor.ts";
import { Conflict } from "../policy/conflict.tsx";
import { firstPolicy, keepDraft, readDraft, type Draft } from "../policy/draft.ts";
import { DryRunResult } from "../policy/dry-run.tsx";
import { EditorBox } from "../policy/editor-box.tsx";
import { Problems } from "../policy/problems.tsx";
import { Rollout } from "../policy/rollout.tsx";
import { PushDialog } from "../policy/push.tsx";
import { Button, Failure, Heading, Loaded } from "../ui/basics.tsx";
import { notify } from "../ui/notices.tsx";
import { Time } from "../ui/time.tsx";
import { useNetwork } from "./network.tsx";

/** `undefined` in a box: the network has no policy yet. */
interface Current { policy: PolicyVersion | undefined }

async function load(network: string): Promise<Current> {
  try {
    return { policy: await api.policy(network) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { policy: undefined };
    throw error;
  }
}

export function PolicyPage() {
  const { name } = useNetwork();
  const resource = useResource(`policy ${name}`, () => load(name), (event) => event.kind === "policy" && event.network === name);
  return <Loaded resource={resource}>{(current) => <PolicyWork network={name} current={current.policy} reload={resource.reload} />}</Loaded>;
}

type Trial = { state: "none" } | { state: "busy" } | { state: "failed"; error: ApiError } | { state: "done"; text: string; result: DryRun; names: ReadonlyMap<string, string> };

/** Of devices, by MAC address. Without them the result is as true. */
async function namesOf(network: string): Promise<Map<string, string>> {
  const devices = await api.devices(network).catch(() => []);
  return new Map(devices.flatMap(({ mac, name }) => (name ? [[mac, name]] : [])));
}

function PolicyWork({ network, current, reload }: { network: string; current: PolicyVersion | undefined; reload: () => void }) {
  const { may } = useSession();
  const version = current?.version ?? 0;
  const [draft, setDraft] = useState<Draft>(() => readDraft(network) ?? { text: current?.text ?? firstPolicy(network), base: version });
  const [checked, setChecked] = useState<PolicyResult | undefined>();
  const [trial, setTrial] = useState<Trial>({ state: "none" });
  const [pushing, setPushing] = useState(false);
  const editor = useRef<Editor | undefined>(undefined);
  const result = useRef<HTMLElement>(null);
  const writable = may("operator");
  const changed = draft.text !== (draft.base === version ? current?.text : undefined);

  // An untouched text follows the newest version; a touched one stays, and the person is told.
  useEffect(() => {
    if (draft.base < version && !readDraft(network)) take(current!.text, version);
  }, [version]);
  function take(text: string, base: number, keep = false): void {
    setDraft({ text, base });
    keepDraft(network, keep ? { text, base } : undefined);
    editor.current?.setText(text);
    setTrial({ state: "none" });
  }
  const edit = (text: string): void => setDraft((old) => {
    const next = { text, base: old.base };
    keepDraft(network, text === current?.text && old.base === version ? undefined : next);
    return next;
  });
  const dryRun = async (): Promise<void> => {
    setTrial({ state: "busy" });
    const { text } = draft;
    try {
      const [result, names] = await Promise.all([api.dryRun(network, text), namesOf(network)]);
      setTrial({ state: "done", text, result, names });
    } catch (error) {
      setTrial({ state: "failed", error: error as ApiError });
    }
    requestAnimationFrame(() => result.current?.focus());
  };
  const pushed = (policy: PolicyVersion): void => {
    setPushing(false);
    take(policy.text, policy.version);
    notify(policy.version === version ? "The text is the same as before: nothing was pushed." : `Version ${policy.version} is pushed; gateways take it as soon as they are online.`);
    reload();
  };
  const conflict = draft.base < version && readDraft(network) !== undefined;
  const invalid = checked !== undefined && !checked.ok;
  return (
    <>
      <Heading level={2} title="Policy" path={[network]} actions={<>
        <Link href={`/networks/${network}/policy/history`} class="button plain">History</Link>
        <Button onClick={dryRun} busy={trial.state === "busy"} title="Ctrl+Enter">Dry run</Button>
        {writable && <Button kind="primary" onClick={() => setPushing(true)} disabled={invalid || conflict || !changed}>Push…</Button>}
      </>}>
        <p class="muted">{current ? <>Version {current.version} by {current.author}, <Time at={current.created} />: {current.reason}</> : "No policy was pushed yet: the text below is a beginning that denies everything."}</p>
        {current && <Rollout network={network} version={version} />}
      </Heading>
      {conflict && <Conflict network={network} draft={draft} current={current!} keep={() => take(draft.text, version, true)} discard={() => take(current!.text, version)} />}
      {changed && !conflict && current && <p class="changed">Not pushed yet. <Button kind="quiet" onClick={() => take(current.text, version)}>Discard my changes</Button></p>}
      <EditorBox handle={editor} network={network} text={draft.text} readOnly={!writable} changed={edit} checked={setChecked} run={dryRun} />
      <Problems result={checked} goTo={(line, column) => editor.current?.goTo(line, column)} />
      <section ref={result} tabIndex={-1} aria-label="Dry run">
        {trial.state === "failed" && <Failure error={trial.error} retry={dryRun} />}
        {trial.state === "done" && <DryRunResult result={trial.result} before={current?.text ?? ""} after={trial.text} names={trial.names} outdated={trial.text !== draft.text} goTo={(line, column) => editor.current?.goTo(line, column)} />}
      </section>
      {pushing && <PushDialog network={network} draft={draft} trial={trial.state === "done" && trial.text === draft.text ? trial.result : undefined} pushed={pushed} conflict={() => { setPushing(false); keepDraft(network, draft); reload(); }} close={() => setPushing(false)} />}
    </>
  );
}
