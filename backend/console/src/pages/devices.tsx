// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api, type DeviceRow } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { Badge, Empty, Heading, Loaded, plural } from "../ui/basics.tsx";
import { Choice, Field } from "../ui/form.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { useNetwork } from "./network.tsx";

const columns: Column<DeviceRow>[] = [
  { title: "Device", head: true, cell: ({ mac, name }) => <>{name ?? <span class="muted">no name</span>}<span class="sub mac">{mac}</span></> },
  { title: "State", cell: (row) => <DeviceState device={row} /> },
  { title: "Groups", cell: ({ groups }) => (groups.length > 0 ? groups.join(", ") : <span class="muted">unknown device</span>) },
  { title: "Addresses", cell: ({ addresses }) => <span class="mono">{addresses.join(" ") || "–"}</span> },
  { title: "At", cell: ({ network, gateway, port }) => <><Link href={`/networks/${network}/gateways/${gateway}`}>{gateway}</Link> <span class="muted">{port}</span></> },
  { title: "Last seen", cell: ({ lastSeen }) => <Time at={lastSeen} /> },
];

function DeviceState({ device: { quarantined, blocked, reason, associated } }: { device: DeviceRow }) {
  return (
    <>
      <span class="badges">
        {quarantined && <Badge tone="bad">quarantined</Badge>}
        {blocked && <Badge tone="bad">blocked</Badge>}
        {associated ? <Badge tone="good">connected</Badge> : <Badge tone="calm">away</Badge>}
      </span>
      {reason && <span class="sub">{reason}</span>}
    </>
  );
}

type Filter = (row: DeviceRow) => boolean;
const STATES: [value: string, text: string, test: Filter][] = [
  ["", "All states", () => true], ["here", "Connected", (row) => row.associated], ["stopped", "Quarantined or blocked", (row) => row.quarantined || row.blocked], ["unknown", "Unknown", (row) => row.groups.length === 0],
];

export function DevicesPage() {
  const { name } = useNetwork();
  const [search, setSearch] = useState("");
  const [group, setGroup] = useState("");
  const [state, setState] = useState("");
  const resource = useResource(`devices ${name}`, () => api.devices(name), (event) => event.kind === "devices" && event.network === name);
  const groups = [...new Set(resource.data?.flatMap((row) => row.groups))].sort();
  const words = search.toLowerCase();
  const inState = STATES.find(([value]) => value === state)![2];
  const matches: Filter = (row) => inState(row) && (group === "" || row.groups.includes(group)) && [row.name ?? "", row.mac, ...row.addresses, row.gateway, row.port].some((text) => text.toLowerCase().includes(words));
  return (
    <>
      <Heading level={2} title="Devices" path={[name]} />
      <Loaded resource={resource}>
        {(rows) => {
          if (rows.length === 0) return <Empty title="No device was seen yet"><p>Devices appear here as soon as a gateway of this network reports them. None does? See <Link href={`/networks/${name}/gateways`}>its gateways</Link>.</p></Empty>;
          const found = rows.filter(matches);
          return (
            <>
              <div class="filters" role="search">
                <Field label="Search" type="search" placeholder="Name, address, gateway" value={search} onValue={setSearch} />
                <Choice label="Group" value={group} onValue={setGroup} options={[["", "All groups"], ...groups.map((text): [string, string] => [text, text])]} />
                <Choice label="State" value={state} onValue={setState} options={STATES.map(([value, text]) => [value, text])} />
              </div>
              <p class="muted count" role="status">{found.length === rows.length ? plural(rows.length, "device") : `${found.length} of ${plural(rows.length, "device")}`}</p>
              {found.length > 0 && <Table label="Devices" columns={columns} rows={found} id={({ mac, gateway }) => `${mac} ${gateway}`} />}
            </>
          );
        }}
      </Loaded>
    </>
  );
}
