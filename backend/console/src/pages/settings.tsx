// SPDX-License-Identifier: Apache-2.0
// What a network has beside its policy: its title, the settings that go to its gateways, and its end.
import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { api, type NetworkRow, type Settings } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Button, Facts, Heading, Loaded, plural } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { notify } from "../ui/notices.tsx";
import { useNetwork } from "./network.tsx";

const LEVELS: [NonNullable<Settings["events"]>, string][] = [
  ["debug", "Everything (debug), while looking for a fault"], ["info", "What happens (info)"], ["warn", "What is unusual or wrong (warn)"], ["error", "Faults only (error)"],
];
const ASKING: [string, string][] = [["yes", "Ask here, while its first packet waits"], ["no", "Decide by the policy alone"]];
/** As gateways do when nothing is said (Settings in packages/contract/src/documents.ts). */
const DEFAULTS = { events: "info", askDevices: true } as const;

export function SettingsPage() {
  const network = useNetwork();
  const { may, everywhere } = useSession();
  return (
    <>
      <Heading level={2} title="Settings" path={[network.name]} />
      {/* What somebody else saved meanwhile begins the form anew. */}
      {may("operator") ? <Change key={JSON.stringify([network.title, network.settings])} network={network} /> : <Shown network={network} />}
      {everywhere && <Removal name={network.name} />}
    </>
  );
}

function Shown({ network: { title, settings } }: { network: NetworkRow }) {
  const { events, askDevices } = { ...DEFAULTS, ...settings };
  return <Facts rows={[["Title", title || <span class="muted">none</span>], ["Events that gateways send", LEVELS.find(([level]) => level === events)![1]], ["A new device", ASKING[askDevices ? 0 : 1]![1]]]} />;
}

function Change({ network: { name, title, settings, policyVersion } }: { network: NetworkRow }) {
  const [text, setText] = useState(title);
  const [chosen, setChosen] = useState<Required<Settings>>({ ...DEFAULTS, ...settings });
  const changed = chosen.events !== (settings.events ?? DEFAULTS.events) || chosen.askDevices !== (settings.askDevices ?? DEFAULTS.askDevices);
  const send = async (): Promise<void> => {
    await api.changeNetwork(name, { title: text.trim(), ...(changed ? { settings: { ...settings, ...chosen } } : {}) });
    notify(!changed ? "Saved." : policyVersion === 0 ? "Saved; gateways get it with the first policy." : "Saved; gateways take it as soon as they are online.");
  };
  return (
    <div class="narrow">
      <Form send={send} submit="Save">
        <Field label="Title" hint="For people" maxLength={200} value={text} onValue={setText} />
        <Choice label="Events that gateways send" hint="The rest stays in the log of the access point" value={chosen.events} onValue={(events) => setChosen({ ...chosen, events: events as Required<Settings>["events"] })} options={LEVELS} />
        <Choice label="A new device" hint="Answers are under Verdicts. Without one, or when this backend is away, the policy decides" value={chosen.askDevices ? "yes" : "no"} onValue={(value) => setChosen({ ...chosen, askDevices: value === "yes" })} options={ASKING} />
      </Form>
    </div>
  );
}

function Removal({ name }: { name: string }) {
  const [open, setOpen] = useState(false);
  const resource = useResource(`gateways ${name}`, () => api.gateways(name), (event) => event.kind === "gateway" && event.network === name);
  return (
    <section aria-labelledby="removal">
      <h3 id="removal">Remove this network</h3>
      <Loaded resource={resource}>
        {(rows) => {
          const enrolled = rows.filter(({ state }) => state === "enrolled").length;
          return enrolled > 0 ? <p class="muted">It has {plural(enrolled, "gateway")}. Revoke {enrolled === 1 ? "it" : "them"} first: then nobody loses a policy by mistake.</p> : <Button kind="danger" onClick={() => setOpen(true)}>Remove network…</Button>;
        }}
      </Loaded>
      {open && <RemoveNetwork name={name} close={() => setOpen(false)} />}
    </section>
  );
}

function RemoveNetwork({ name, close }: { name: string; close: () => void }) {
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState("");
  const send = async (): Promise<void> => {
    await api.removeNetwork(name);
    notify(`${name} is removed.`);
    navigate("/");
  };
  return (
    <Dialog title={`Remove ${name}`} close={close}>
      <p>This cannot be taken back. Gone are:</p>
      <ul class="lines">
        <li>its policy, with all versions and reasons, and its verdicts;</li>
        <li>its revoked gateways, and enrolment tokens that nobody has used.</li>
      </ul>
      <p>Its events and the audit log stay until they are too old.</p>
      <Form send={send} submit="Remove" danger cancel={close}>
        <Field label="Name of the network" hint={`Type ${name} to go on`} required pattern={name} value={typed} onValue={setTyped} />
      </Form>
    </Dialog>
  );
}
