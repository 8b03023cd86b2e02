// SPDX-License-Identifier: Apache-2.0
import { useRef, useState } from "preact/hooks";
import { Button } from "./basics.tsx";

/** Text to take along. Without a clipboard (plain HTTP to another host has none) the text is selected instead. */
export function Copyable({ label, text }: { label: string; text: string }) {
  const [done, setDone] = useState("");
  const code = useRef<HTMLElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setDone("Copied");
    } catch {
      getSelection()?.selectAllChildren(code.current!);
      setDone("Selected: copy it with Ctrl+C");
    }
  };
  return (
    <div class="copyable">
      <p class="label">{label}</p>
      <code ref={code} tabIndex={0}>{text}</code>
      <div><Button onClick={copy}>Copy</Button> <span role="status">{done}</span></div>
    </div>
  );
}
