// SPDX-License-Identifier: Apache-2.0
// Answers to gateways that ask about an unknown device or flow while its first packet is held.
import { useState } from "preact/hooks";
import { api, type VerdictRow } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Badge, Button, Empty, Heading, Loaded } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Field, Form, Reason } from "../ui/form.tsx";
import { notify } from "../ui/notices.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { useNetwork } from "./network.tsx";

const PROTOCOLS: Record<number, string> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6" };

export function VerdictsPage() {
  const { name } = useNetwork();
  const { may } = useSession();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<VerdictRow | undefined>();
  const resource = useResource(`verdicts ${name}`, () => api.verdicts(name), (event) => event.kind === "audit" || event.kind === "network" && event.network === name);
  const add = may("operator") && <Button kind="primary" onClick={() => setAdding(true)}>Add verdict</Button>;
  const shown: Column<VerdictRow>[] = may("operator") ? [...columns, { title: "Remove", bare: true, cell: (row) => <Button kind="quiet" aria-label={`Remove verdict ${row.id} on ${row.device}`} onClick={() => setRemoving(row)}>Remove</Button> }] : columns;
  return (
    <>
      <Heading level={2} title="Verdicts" path={[name]} actions={add}><p class="muted">What gateways are told about devices and flows that the policy says to ask about.</p></Heading>
      <Loaded resource={resource}>
        {(rows) => (rows.length > 0 ? <Table label="Verdicts" columns={shown} rows={rows} id={({ id }) => id} /> : (
          <Empty title="There are no verdicts">
            <p>A rule with <code>otherwise: ask</code> makes gateways ask here. Without a verdict they follow the rule's <code>fallback</code>.</p>
            {add}
          </Empty>))}
      </Loaded>
      {adding && <AddVerdict network={name} done={() => { setAdding(false); resource.reload(); }} close={() => setAdding(false)} />}
      {removing && <RemoveVerdict verdict={removing} done={() => { setRemoving(undefined); resource.reload(); }} close={() => setRemoving(undefined)} />}
    </>
  );
}

const columns: Column<VerdictRow>[] = [
  { title: "Device", head: true, cell: ({ device }) => <span class={device === "*" ? undefined : "mac"}>{device === "*" ? "any device" : device}</span> },
  { title: "Verdict", cell: ({ verdict }) => <Badge tone={verdict === "allow" ? "good" : "bad"}>{verdict}</Badge> },
  { title: "About", cell: about },
  { title: "Reason", cell: ({ reason, author }) => <>{reason}<span class="sub">{author}</span></> },
  { title: "Made", cell: ({ created }) => <Time at={created} /> },
  { title: "Ends", cell: ({ expires }) => (expires ? <Time at={expires} /> : <span class="muted">stays</span>) },
];

function about({ kind, remote, protocol, port }: VerdictRow) {
  if (kind === "device") return "the device itself";
  const service = protocol === undefined ? "all" : `${PROTOCOLS[protocol] ?? `protocol ${protocol}`}${port === undefined ? "" : `/${port}`}`;
  return <>{service} to <span class="mono">{remote === "*" ? "anywhere" : remote}</span></>;
}

function AddVerdict({ network, done, close }: { network: string; done: () => void; close: () => void }) {
  const [kind, setKind] = useState<VerdictRow["kind"]>("flow");
  const [verdict, setVerdict] = useState<VerdictRow["verdict"]>("allow");
  const [text, setText] = useState({ device: "", remote: "", protocol: "", port: "", days: "", reason: "" });
  const set = (name: keyof typeof text) => (value: string) => setText((old) => ({ ...old, [name]: value }));
  const send = async (): Promise<void> => {
    const flow = kind === "flow";
    await api.addVerdict(network, {
      kind, verdict, device: text.device || "*", remote: flow && text.remote ? text.remote : "*", reason: text.reason, lifetime: 3600,
      ...(flow && text.protocol ? { protocol: Number(text.protocol) } : {}), ...(flow && text.port ? { port: Number(text.port) } : {}),
      ...(text.days ? { expires: new Date(Date.now() + Number(text.days) * 86_400_000).toISOString() } : {}),
    });
    notify("The verdict is added.");
    done();
  };
  return (
    <Dialog title="Add verdict" close={close}>
      <Form send={send} submit="Add verdict" cancel={close}>
        <div class="pair">
          <Choice label="About" value={kind} onValue={(value) => setKind(value as VerdictRow["kind"])} options={[["flow", "Flows of a device"], ["device", "A device itself"]]} />
          <Choice label="Verdict" value={verdict} onValue={(value) => setVerdict(value as VerdictRow["verdict"])} options={[["allow", "Allow"], ["deny", "Deny"]]} />
        </div>
        <Field label="Device" hint={kind === "flow" ? "MAC address; empty: any device" : "MAC address"} required={kind === "device"} value={text.device} onValue={set("device")} />
        {kind === "flow" && (
          <>
            <Field label="Other end" hint="Address, prefix or MAC address; empty: anywhere" value={text.remote} onValue={set("remote")} />
            <div class="pair">
              <Choice label="Protocol" value={text.protocol} onValue={set("protocol")} options={[["", "All"], ["6", "TCP"], ["17", "UDP"], ["1", "ICMP"]]} />
              {/^(6|17)$/.test(text.protocol) && <Field label="Port" hint="Empty: all" type="number" min={1} max={65535} value={text.port} onValue={set("port")} />}
            </div>
          </>
        )}
        <Choice label="It holds" value={text.days} onValue={set("days")} options={[["", "until it is removed"], ["1", "for a day"], ["7", "for a week"], ["90", "for 90 days"]]} />
        <Reason value={text.reason} onValue={set("reason")} hint="For the audit log and for those who come after you" />
      </Form>
    </Dialog>
  );
}

function RemoveVerdict({ verdict, done, close }: { verdict: VerdictRow; done: () => void; close: () => void }) {
  const send = async (): Promise<void> => {
    await api.removeVerdict(verdict.network, verdict.id);
    notify("The verdict is removed.");
    done();
  };
  return (
    <Dialog title="Remove verdict" close={close}>
      <p>Gateways that ask about {verdict.device === "*" ? "any device" : verdict.device} get no answer from it any more. Answers that they have been given end within {Math.round(verdict.lifetime / 60)} minutes.</p>
      <Form send={send} submit="Remove" danger cancel={close} />
    </Dialog>
  );
}
