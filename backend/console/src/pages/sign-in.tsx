// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";
import { api, type Me } from "../api/api.ts";
import { Field, Form } from "../ui/form.tsx";
import { Mark } from "../ui/icons.tsx";

export function SignIn({ ended, done }: { ended: boolean; done: (me: Me) => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  useEffect(() => {
    document.title = "Sign in – Securebox";
    document.querySelector<HTMLElement>("input[name=username]")!.focus();
  }, []);
  return (
    <main class="alone">
      <div class="sign-in">
        <div class="brand"><Mark /><h1>Securebox</h1></div>
        {ended && <p class="note warn" role="status">Your session has ended. Sign in to go on where you were.</p>}
        <Form send={async () => done(await api.signIn(name, password))} submit="Sign in">
          <Field label="Name" name="username" autocomplete="username" required value={name} onValue={setName} />
          <Field label="Password" name="password" type="password" autocomplete="current-password" required value={password} onValue={setPassword} />
        </Form>
        <p class="hint">At its first start the backend made the user <code>admin</code> and printed the password.</p>
      </div>
    </main>
  );
}
