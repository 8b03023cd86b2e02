// SPDX-License-Identifier: Apache-2.0
/*
 * Words of a UCI file as libuci reads them (file.c): quotes of both kinds may begin and end inside a word and span lines; in double quotes and
 * outside of quotes a backslash makes the next character ordinary, and before a line's end it joins the lines; "#" outside of quotes ends the line
 * even inside a word; ";" ends a command.
 */

/** What is wrong with a UCI text, and where (lines count from 1). */
export class UciSyntaxError extends Error {
  override readonly name = "UciSyntaxError";
  constructor(readonly line: number, readonly problem: string) { super(`line ${line}: ${problem}`); }
}

const BLANK = /[ \t\r\n\v\f]/;

export class Words {
  line = 1;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get ended(): boolean { return this.#at >= this.#text.length; }

  fail(problem: string): never {
    throw new UciSyntaxError(this.line, problem);
  }

  /** The words of the next command; an empty list for an empty one. */
  command(): string[] {
    const words: string[] = [];
    for (;;) {
      this.#skipBlanks();
      const next = this.#text[this.#at];
      if (next === undefined || next === "\n") return this.#endOfCommand(words);
      if (next === "#") this.#skipLine();
      else if (next === ";") return this.#endOfCommand(words);
      else words.push(this.#word());
    }
  }

  #endOfCommand(words: string[]): string[] {
    if (this.#text[this.#at] === "\n") this.line++;
    this.#at++;
    return words;
  }

  #skipBlanks(): void {
    while (this.#text[this.#at] !== "\n" && BLANK.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #word(): string {
    const start = this.#at;
    let word = "";
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next === "#" || BLANK.test(next)) return word;
      if (next === ";") {
        // libuci ends a plain word by overwriting the ";", and with it what follows on the line.
        if (this.#at - start === word.length) this.#skipLine();
        return word;
      }
      if (next === "'" || next === '"') word += this.#quoted(next);
      else if (next === "\\") word += this.#escaped();
      else {
        word += next;
        this.#at++;
      }
    }
  }

  #quoted(quote: string): string {
    const opened = this.line;
    let text = "";
    for (this.#at++; ; ) {
      const next = this.#text[this.#at];
      if (next === undefined) throw new UciSyntaxError(opened, `the quote ${quote} that opens here is never closed`);
      if (next === quote) {
        this.#at++;
        return text;
      }
      if (next === "\\" && quote === '"') {
        text += this.#escaped();
        continue;
      }
      if (next === "\n") this.line++;
      text += next;
      this.#at++;
    }
  }

  #escaped(): string {
    const [next = "", after] = [this.#text[++this.#at], this.#text[this.#at + 1]];
    const joins = next === "\n" ? 1 : next === "\r" && after === "\n" ? 2 : 0;
    if (joins > 0) this.line++;
    this.#at += Math.max(1, joins);
    return joins > 0 ? "" : next;
  }
}
