// SPDX-License-Identifier: Apache-2.0
// Who is signed in decides between the sign-in and the pages. The address stays as it is meanwhile.
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { Route, Switch } from "wouter-preact";
import { api, type Me } from "./api/api.ts";
import { ApiError, onSignedOut } from "./api/client.ts";
import { live } from "./api/live.ts";
import { Session } from "./api/session.ts";
import { AuditPage } from "./pages/audit.tsx";
import { EventsPage } from "./pages/events.tsx";
import { KeysPage } from "./pages/keys.tsx";
import { NetworkPages } from "./pages/network.tsx";
import { NetworksPage } from "./pages/networks.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { TokensPage } from "./pages/tokens.tsx";
import { UsersPage } from "./pages/users.tsx";
import { Layout } from "./shell/layout.tsx";
import { Failure, Heading, Loading } from "./ui/basics.tsx";

type State = { kind: "asking" } | { kind: "failed"; error: ApiError } | { kind: "nobody"; ended: boolean } | { kind: "signed-in"; me: Me };

export function App() {
  const [state, setState] = useState<State>({ kind: "asking" });
  const ask = (): void => {
    setState({ kind: "asking" });
    api.me().then((me) => setState({ kind: "signed-in", me }), (error: ApiError) => setState(error.status === 401 ? { kind: "nobody", ended: false } : { kind: "failed", error }));
  };
  useEffect(() => {
    onSignedOut(() => setState((old) => (old.kind === "signed-in" ? { kind: "nobody", ended: true } : old)));
    ask();
  }, []);
  const signedIn = state.kind === "signed-in";
  // Before the pages' own effects, which load: a layout effect.
  useLayoutEffect(() => {
    if (!signedIn) return;
    live.start();
    return () => live.stop();
  }, [signedIn]);

  const signOut = (): void => void api.signOut().catch(() => {}).then(() => setState({ kind: "nobody", ended: false }));
  switch (state.kind) {
    case "asking": return <main class="alone"><Loading /></main>;
    case "failed": return <main class="alone"><h1>Securebox</h1><Failure error={state.error} retry={ask} /></main>;
    case "nobody": return <SignIn ended={state.ended} done={(me) => setState({ kind: "signed-in", me })} />;
    case "signed-in": return <Session.Provider value={state.me}><Layout signOut={signOut}><Pages /></Layout></Session.Provider>;
  }
}

function Pages() {
  return (
    <Switch>
      <Route path="/" component={NetworksPage} />
      <Route path="/networks/:network/*?" component={NetworkPages} />
      <Route path="/events">{() => <><Heading title="Events" /><EventsPage /></>}</Route>
      <Route path="/audit">{() => <><Heading title="Audit log" /><AuditPage /></>}</Route>
      <Route path="/tokens" component={TokensPage} />
      <Route path="/keys" component={KeysPage} />
      <Route path="/users" component={UsersPage} />
      <Route>{() => <><Heading title="No such page" /><p>The address may be mistyped. <a href="/">All networks</a> are a good place to start.</p></>}</Route>
    </Switch>
  );
}
