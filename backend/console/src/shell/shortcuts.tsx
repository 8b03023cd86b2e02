// SPDX-License-Identifier: Apache-2.0
// Keys that work everywhere outside of text fields. They can be switched off (WCAG 2.2, 2.1.4).
import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { Dialog } from "../ui/dialog.tsx";

const KEY = "securebox.shortcuts";
const GO: Record<string, [path: string, name: string]> = { n: ["/", "networks"], e: ["/events", "events"], a: ["/audit", "audit log"] };
/** The second key of "g n" comes within this time. Milliseconds. */
const PAIR = 1_500;

const enabled = (): boolean => localStorage.getItem(KEY) !== "off";

function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0] as HTMLElement;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function useShortcuts(help: () => void): void {
  const [, navigate] = useLocation();
  const pressed = useRef(0);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!enabled() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || document.querySelector("dialog[open]")) return;
      const second = Date.now() - pressed.current < PAIR;
      pressed.current = event.key === "g" ? Date.now() : 0;
      const search = document.querySelector<HTMLElement>("input[type=search]");
      if (event.key === "?") help();
      else if (event.key === "/" && search) search.focus();
      else if (second && GO[event.key]) navigate(GO[event.key]![0]);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}

const LIST: [keys: string, what: string][] = [
  ...Object.entries(GO).map(([key, [, name]]): [string, string] => [`g ${key}`, `Go to ${name}`]),
  ["/", "Search in the list"], ["?", "This list"], ["Esc", "Close a window or a menu"],
  ["Ctrl Enter", "In the policy editor: dry run"], ["F8", "In the policy editor: next problem"], ["Tab", "In the policy editor: leave it"],
];

export function ShortcutList({ close }: { close: () => void }) {
  const [on, setOn] = useState(enabled);
  const toggle = (): void => {
    localStorage.setItem(KEY, on ? "off" : "on");
    setOn(!on);
  };
  return (
    <Dialog title="Keyboard" close={close}>
      <dl class="keys">{LIST.map(([keys, what]) => <div key={keys}><dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{what}</dd></div>)}</dl>
      <label class="check"><input type="checkbox" checked={on} onChange={toggle} /> Keys without Ctrl are shortcuts</label>
    </Dialog>
  );
}
