// SPDX-License-Identifier: Apache-2.0
// What stands around every page: navigation (at the side, or at the bottom of a phone), state of the live connection, menu of the person.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { live } from "../api/live.ts";
import { useSession } from "../api/session.ts";
import { AuditIcon, EventsIcon, KeysIcon, Mark, NetworksIcon, TokensIcon, UsersIcon } from "../ui/icons.tsx";
import { Notices } from "../ui/notices.tsx";
import { Time } from "../ui/time.tsx";
import { Menu } from "./menu.tsx";
import { ShortcutList, useShortcuts } from "./shortcuts.tsx";

/** A short gap is nobody's concern. Milliseconds. */
const TOLERATED = 3_000;

export function Layout({ signOut, children }: { signOut: () => void; children: ComponentChildren }) {
  const [help, setHelp] = useState(false);
  useShortcuts(() => setHelp(true));
  useFocusAfterNavigation();
  const lost = useLostSince();
  return (
    <div class="shell">
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")!.focus(); }}>Skip to the content</a>
      <header class="top">
        <Link href="/" class="brand"><Mark /><span>Securebox</span></Link>
        <LiveMark lost={lost !== undefined} />
        <Menu signOut={signOut} help={() => setHelp(true)} />
      </header>
      <Navigation />
      <main id="content" tabIndex={-1} class={lost === undefined ? undefined : "stale"}>
        {lost !== undefined && <p class="note warn" role="status">The live connection to the backend was lost <Time at={lost} />; what is shown may have changed since. Reconnecting…</p>}
        {children}
      </main>
      <Notices />
      {help && <ShortcutList close={() => setHelp(false)} />}
    </div>
  );
}

function Navigation() {
  const [path] = useLocation();
  const { everywhere } = useSession();
  const item = (href: string, text: string, icon: ComponentChildren) => {
    const here = href === "/" ? path === "/" || path.startsWith("/networks") : path.startsWith(href);
    return <li><Link href={href} aria-current={here ? "page" : undefined}>{icon}<span>{text}</span></Link></li>;
  };
  return (
    <nav class="side" aria-label="Main">
      <ul>
        {item("/", "Networks", <NetworksIcon />)}
        {item("/events", "Events", <EventsIcon />)}
        {item("/audit", "Audit log", <AuditIcon />)}
        {item("/keys", "Keys", <KeysIcon />)}
        {item("/tokens", "API tokens", <TokensIcon />)}
        {everywhere && item("/users", "Users", <UsersIcon />)}
      </ul>
    </nav>
  );
}

function LiveMark({ lost }: { lost: boolean }) {
  return <span class={`live ${lost ? "lost" : ""}`} role="status"><span class="dot" aria-hidden="true" />{lost ? "Not live" : "Live"}</span>;
}

/** When the live connection was lost, once that is long enough to matter. */
function useLostSince(): number | undefined {
  const [lost, setLost] = useState<number | undefined>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.watch(({ state, since }) => {
      if (state === "lost") timer ??= setTimeout(() => setLost(since), TOLERATED);
      else {
        clearTimeout(timer);
        timer = undefined;
        setLost(undefined);
      }
    });
    return () => { clearTimeout(timer); stop(); };
  }, []);
  return lost;
}

/** To the nearest heading, so that the keyboard and the screen reader begin where the new page does. The first page leaves the focus alone. */
function useFocusAfterNavigation(): void {
  const [path] = useLocation();
  const last = useRef(path);
  useLayoutEffect(() => {
    if (last.current === path) return;
    last.current = path;
    scrollTo(0, 0);
    const frame = requestAnimationFrame(() => [...document.querySelectorAll<HTMLElement>("[data-heading]")].at(-1)?.focus({ preventScroll: true }));
    return () => cancelAnimationFrame(frame);
  }, [path]);
}
