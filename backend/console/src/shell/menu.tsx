// SPDX-License-Identifier: Apache-2.0
// What a person may set: appearance, password, the list of keys, signing out. A disclosure, not an ARIA menu: its contents are ordinary controls.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api/api.ts";
import { useSession } from "../api/session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Form } from "../ui/form.tsx";
import { MenuIcon } from "../ui/icons.tsx";
import { notify } from "../ui/notices.tsx";
import { setTheme, theme, THEMES } from "./theme.ts";

export function Menu({ signOut, help }: { signOut: () => void; help: () => void }) {
  const { me } = useSession();
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(theme);
  const [password, setPassword] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event): void => { if (!root.current!.contains(event.target as Node)) setOpen(false); };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    return () => { removeEventListener("pointerdown", outside); removeEventListener("focusin", outside); };
  }, [open]);
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open) return;
    setOpen(false);
    button.current!.focus();
  };
  const then = (action: () => void) => () => { setOpen(false); action(); };
  return (
    <div class="menu" ref={root} onKeyDown={escape}>
      <button ref={button} type="button" class="menu-button" aria-expanded={open} aria-controls="person" onClick={() => setOpen(!open)}><span class="person">{me.name}</span><MenuIcon /><span class="sr-only">, settings and sign-out</span></button>
      <div id="person" class="menu-panel" hidden={!open}>
        <p><strong>{me.name}</strong><br /><span class="muted">{me.role}{me.networks ? `, ${me.networks.join(", ")}` : ""}</span></p>
        <fieldset class="themes">
          <legend>Appearance</legend>
          {THEMES.map((name) => <label key={name}><input type="radio" name="theme" checked={chosen === name} onChange={() => { setTheme(name); setChosen(name); }} />{name}</label>)}
        </fieldset>
        <button type="button" onClick={then(help)}>Keyboard shortcuts</button>
        <button type="button" onClick={then(() => setPassword(true))}>Change password</button>
        <button type="button" onClick={then(signOut)}>Sign out</button>
      </div>
      {password && <PasswordDialog close={() => setPassword(false)} />}
    </div>
  );
}

function PasswordDialog({ close }: { close: () => void }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const send = async (): Promise<void> => {
    await api.changeOwnPassword(current, next);
    notify("Your password is changed; your other sessions have ended.");
    close();
  };
  return (
    <Dialog title="Change password" close={close}>
      <Form send={send} submit="Change" cancel={close}>
        <Field label="Present password" type="password" autocomplete="current-password" required value={current} onValue={setCurrent} />
        <Field label="New password" type="password" autocomplete="new-password" required minLength={12} maxLength={200} hint="At least 12 characters" value={next} onValue={setNext} />
      </Form>
    </Dialog>
  );
}
