// SPDX-License-Identifier: Apache-2.0
// One network: its title, its tabs (links, so that each has an address), and the page below.
import { useContext } from "preact/hooks";
import { createContext } from "preact";
import { Link, Redirect, Route, Switch, useLocation } from "wouter-preact";
import { api, type NetworkRow } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { Heading, Loaded } from "../ui/basics.tsx";
import { AuditPage } from "./audit.tsx";
import { DevicesPage } from "./devices.tsx";
import { EventsPage } from "./events.tsx";
import { GatewayPage } from "./gateway.tsx";
import { GatewaysPage } from "./gateways.tsx";
import { HistoryPage } from "./history.tsx";
import { PolicyPage } from "./policy.tsx";
import { SettingsPage } from "./settings.tsx";
import { VerdictsPage } from "./verdicts.tsx";

const TABS: [path: string, title: string][] = [["gateways", "Gateways"], ["devices", "Devices"], ["policy", "Policy"], ["verdicts", "Verdicts"], ["events", "Events"], ["audit", "Audit log"], ["settings", "Settings"]];

const Network = createContext<NetworkRow | undefined>(undefined);
/** Of the page's address. */
export function useNetwork(): NetworkRow {
  return useContext(Network)!;
}

export function NetworkPages({ params }: { params: { network: string } }) {
  const name = params.network;
  const resource = useResource(`network ${name}`, () => api.network(name), (event) => (event.kind === "network" || event.kind === "policy") && event.network === name);
  const base = `/networks/${name}`;
  return (
    <>
      <nav class="trail" aria-label="Where this is"><Link href="/">Networks</Link> <span aria-hidden="true">/</span></nav>
      <Heading title={name}>{resource.data?.title && <p class="muted beside">{resource.data.title}</p>}</Heading>
      <Tabs base={base} />
      <Loaded resource={resource}>
        {(network) => (
          <Network.Provider value={network}>
            <Switch>
              <Route path={`${base}/gateways`} component={GatewaysPage} />
              <Route path={`${base}/gateways/:id`}>{({ id }) => <GatewayPage id={id!} />}</Route>
              <Route path={`${base}/devices`} component={DevicesPage} />
              <Route path={`${base}/policy`}>{() => <PolicyPage key={name} />}</Route>
              <Route path={`${base}/policy/history`} component={HistoryPage} />
              <Route path={`${base}/verdicts`} component={VerdictsPage} />
              <Route path={`${base}/events`}>{() => <><Heading level={2} title="Events" path={[name]} /><EventsPage network={name} /></>}</Route>
              <Route path={`${base}/audit`}>{() => <><Heading level={2} title="Audit log" path={[name]} /><AuditPage network={name} /></>}</Route>
              <Route path={`${base}/settings`} component={SettingsPage} />
              <Route><Redirect to={`${base}/gateways`} replace /></Route>
            </Switch>
          </Network.Provider>
        )}
      </Loaded>
    </>
  );
}

function Tabs({ base }: { base: string }) {
  const [path] = useLocation();
  return (
    <nav class="tabs" aria-label="Of this network">
      <ul>{TABS.map(([tab, title]) => <li key={tab}><Link href={`${base}/${tab}`} aria-current={path.startsWith(`${base}/${tab}`) ? "page" : undefined}>{title}</Link></li>)}</ul>
    </nav>
  );
}
