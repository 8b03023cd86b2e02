// SPDX-License-Identifier: Apache-2.0
// A shell at the other end of a serial line: commands with their exit status, and files written through it. Needs of the other side printf, cat and sha256sum.
import { createHash } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { sleep } from "../../test/lab/command.ts";

export interface Answer { status: number; output: string }

/** Bytes in one line; a terminal takes lines of at most 4,095 characters, four for each byte. The shell's own editor would take 512, so a loop reads them. */
const CHUNK = 768;
/** What OpenWrt's console asks for before it starts a shell. */
const ACTIVATE = /press Enter to activate/i;
const PROMPT = /root@[^\n]*[#$] $/;
const TAIL = 2000;
/** The shell's line editor asks a terminal for its cursor; nobody answers. */
const CONTROL = /\r|\x1b\[[0-9;?]*[A-Za-z]/g;

export class Console {
  #text = "";
  #commands = 0;
  #ended = false;

  /** `seen` gets everything that comes. */
  constructor(readonly input: Writable, output: Readable, seen: (text: string) => void = () => {}) {
    input.on("error", () => (this.#ended = true));
    output.setEncoding("utf8").on("data", (text: string) => { this.#text = (this.#text + text).replace(CONTROL, ""); seen(text); }).on("close", () => (this.#ended = true));
  }

  /** Resolves when there is a prompt. Rejects after `deadline` milliseconds with the last lines. */
  async login(deadline: number): Promise<void> {
    await this.#expect(new RegExp(`${ACTIVATE.source}|${PROMPT.source}`, "i"), deadline, "a console");
    this.input.write("\n");
    await this.#expect(PROMPT, 10_000, "a prompt");
  }

  /** The line's echo contains the words of the question, so the answer's mark is written in two parts. */
  async run(command: string, deadline = 30_000): Promise<Answer> {
    const number = ++this.#commands;
    this.#text = "";
    this.input.write(`${command}; echo "end"-${number}-$?-\n`);
    const match = await this.#expect(new RegExp(`\\nend-${number}-(\\d+)-\\n|^end-${number}-(\\d+)-\\n`), deadline, command);
    const output = this.#text.slice(0, match.index).split("\n").slice(1).join("\n");
    return { status: Number(match[1] ?? match[2]), output: output.trim() };
  }

  /** Like `run`; rejects for an exit status other than 0. */
  async must(command: string, deadline?: number): Promise<string> {
    const { status, output } = await this.run(command, deadline);
    if (status !== 0) throw new Error(`${command}: exit status ${status}: ${output}`);
    return output;
  }

  /** Writes a file, and compares its digest. `progress` is told the part that is done. */
  async write(path: string, data: Uint8Array, progress: (part: number) => void = () => {}): Promise<void> {
    this.#text = "";
    this.input.write(`while read -r line && [ "$line" != . ]; do printf "$line" >&3; echo "to""ok"; done 3>${path}\n`);
    for (let at = 0; at < data.length; at += CHUNK) {
      const octal = [...data.subarray(at, at + CHUNK)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
      this.input.write(`${octal}\n`);
      await this.#expect(/took/, 30_000, `writing ${path}`);
      this.#text = "";
      progress(Math.min(1, (at + CHUNK) / data.length));
    }
    this.input.write(".\n");
    await this.#expect(PROMPT, 10_000, "the prompt after a file");
    const digest = (await this.must(`sha256sum ${path}`)).split(" ")[0];
    if (digest !== createHash("sha256").update(data).digest("hex")) throw new Error(`${path}: arrived with other bytes`);
  }

  async #expect(pattern: RegExp, deadline: number, what: string): Promise<RegExpExecArray> {
    const end = performance.now() + deadline;
    for (;;) {
      const match = pattern.exec(this.#text);
      if (match) return match;
      if (this.#ended) throw new Error(`${what.slice(0, 80)}: the machine ended; it said last: ${this.#text.slice(-TAIL)}`);
      if (performance.now() > end) throw new Error(`${what.slice(0, 80)}: nothing within ${deadline} ms; the console said last: ${this.#text.slice(-TAIL)}`);
      await sleep(5);
    }
  }
}
