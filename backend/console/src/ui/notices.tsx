// SPDX-License-Identifier: Apache-2.0
// What was done, said once: seen in the corner, read out by screen readers.
import { useEffect, useState } from "preact/hooks";

const SHOWN = 6_000;
let show: (text: string) => void = () => {};

export function notify(text: string): void {
  show(text);
}

export function Notices() {
  const [notice, setNotice] = useState<{ text: string } | undefined>();
  show = (text) => setNotice({ text });
  useEffect(() => {
    const timer = setTimeout(() => setNotice(undefined), SHOWN);
    return () => clearTimeout(timer);
  }, [notice]);
  return <div class="notices" role="status">{notice && <p>{notice.text}</p>}</div>;
}
