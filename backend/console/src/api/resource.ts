// SPDX-License-Identifier: Apache-2.0
// What a page shows, loaded, and loaded again when the backend says that it changed.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "./client.ts";
import { live, type Change, type LiveEvent } from "./live.ts";

export interface Resource<T> {
  data: T | undefined;
  /** Of the last load; `data` then is older. */
  error: ApiError | undefined;
  loading: boolean;
  reload(): void;
}

/** Changes come in bursts; one load follows. Milliseconds. */
const GATHER = 200;

/** `key` names what is loaded: another key forgets the data. `concerns`: which changes make it old. */
export function useResource<T>(key: string, load: () => Promise<T>, concerns: (event: LiveEvent) => boolean = () => false): Resource<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: ApiError; loading: boolean }>({ key, loading: true });
  const latest = useRef({ load, concerns, run: 0 });
  Object.assign(latest.current, { load, concerns });

  const reload = useCallback(() => {
    const run = ++latest.current.run;
    setState((old) => (old.key === key ? { ...old, loading: true } : { key, loading: true }));
    live.ready.then(() => latest.current.load()).then(
      (data) => run === latest.current.run && setState({ key, data, loading: false }),
      (error: ApiError) => run === latest.current.run && setState((old) => ({ key, ...(old.key === key && old.data !== undefined ? { data: old.data } : {}), error, loading: false })));
  }, [key]);

  useEffect(reload, [reload]);
  useChanges((change) => change.kind === "resync" || latest.current.concerns(change), reload);
  const { data, error, loading } = state.key === key ? state : { data: undefined, error: undefined, loading: true };
  return { data, error, loading, reload };
}

/** Calls `then` soon after a change that `concerns` picks. */
export function useChanges(concerns: (change: Change) => boolean, then: () => void): void {
  const latest = useRef({ concerns, then });
  latest.current = { concerns, then };
  useLayoutEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.subscribe((change) => {
      if (timer !== undefined || !latest.current.concerns(change)) return;
      timer = setTimeout(() => { timer = undefined; latest.current.then(); }, GATHER);
    });
    return () => { clearTimeout(timer); stop(); };
  }, []);
}
