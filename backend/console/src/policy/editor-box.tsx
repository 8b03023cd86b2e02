// SPDX-License-Identifier: Apache-2.0
// The editor and the view of differences as components; their code comes when they are first shown.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Editor, EditorOptions } from "../editor/editor.ts";
import { Loading } from "../ui/basics.tsx";

const load = () => import("../editor/editor.ts");

/** `text` counts at the start only; later by the handle's setText. */
export function EditorBox({ handle, ...options }: EditorOptions & { handle: { current: Editor | undefined } }) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(options);
  latest.current = options;
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
  useEffect(() => {
    let gone = false;
    load().then(({ createEditor }) => {
      if (gone) return;
      handle.current = createEditor(host.current!, {
        ...latest.current, changed: (text) => latest.current.changed(text), checked: (result) => latest.current.checked(result), run: () => latest.current.run(),
      });
      setState("ready");
    }, () => setState("failed"));
    return () => { gone = true; handle.current?.destroy(); handle.current = undefined; };
  }, []);
  return <>{state !== "ready" && <Pending failed={state === "failed"} />}<div ref={host} class="editor" /></>;
}

export function Difference({ label, before, after }: { label: string; before: string; after: string }) {
  const host = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
  useEffect(() => {
    let view: { destroy(): void } | undefined;
    let gone = false;
    load().then(({ createDifference }) => {
      if (gone) return;
      view = createDifference(host.current!, label, before, after);
      setState("ready");
    }, () => setState("failed"));
    return () => { gone = true; view?.destroy(); };
  }, [before, after]);
  if (before === after) return <p class="muted">The texts are the same.</p>;
  return <>{state !== "ready" && <Pending failed={state === "failed"} />}<div ref={host} class="editor difference" /></>;
}

function Pending({ failed }: { failed: boolean }) {
  return failed ? <p class="note bad" role="alert">The editor could not be loaded. Load this page again; your text is kept.</p> : <Loading />;
}
