// SPDX-License-Identifier: Apache-2.0
// Fields with label, hint and error tied together, and a form that sends once and shows what was refused.
import type { ComponentChildren, JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { ApiError } from "../api/client.ts";
import { Button, Failure } from "./basics.tsx";

interface Common { label: string; hint?: ComponentChildren; value: string; onValue: (value: string) => void }

export function Field({ label, hint, value, onValue, ...rest }: Common & Omit<JSX.IntrinsicElements["input"], "value">) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {/* Browsers say the title beside "does not match the requested format", over the hint. */}
      <input id={id} value={value} title={rest.pattern && typeof hint === "string" ? hint : undefined} aria-describedby={hint ? `${id}-hint` : undefined} autocomplete="off" {...rest} onInput={(event) => onValue(event.currentTarget.value)} />
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

export function Choice({ label, hint, value, onValue, options, compact }: Common & { options: [value: string, text: string][]; /** The label is for screen readers alone. */ compact?: boolean }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={compact ? "sr-only" : undefined}>{label}</label>
      <select id={id} value={value} aria-describedby={hint ? `${id}-hint` : undefined} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map(([option, text]) => <option key={option} value={option}>{text}</option>)}
      </select>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

/** `send` throws an ApiError for what is to be shown. */
export function Form({ send, submit, danger, cancel, children }: { send: () => Promise<unknown>; submit: string; danger?: boolean; cancel?: () => void; children?: ComponentChildren }) {
  const [state, setState] = useState<{ busy: boolean; error?: ApiError }>({ busy: false });
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: true });
    try {
      await send();
      setState({ busy: false });
    } catch (error) {
      setState({ busy: false, error: error instanceof ApiError ? error : new ApiError(0, String(error)) });
    }
  };
  return (
    <form onSubmit={onSubmit}>
      {children}
      {state.error && <Failure error={state.error} />}
      <div class="form-actions">
        {cancel && <Button onClick={cancel}>Cancel</Button>}
        <Button type="submit" kind={danger ? "danger" : "primary"} busy={state.busy}>{submit}</Button>
      </div>
    </form>
  );
}

/** The only question of many dialogs: why. */
export function Reason({ value, onValue, hint }: { value: string; onValue: (value: string) => void; hint: string }) {
  return <Field label="Reason" hint={hint} value={value} onValue={onValue} required maxLength={1000} autoFocus />;
}
