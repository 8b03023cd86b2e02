// SPDX-License-Identifier: Apache-2.0
/*
 * Words of a UCI file as libuci reads them (file.c), its oddities included: test/openwrt/uci holds both together. The first word of a command is plain.
 * In the others quotes of both kinds may begin and end inside a word and span lines; in double quotes and outside of quotes a backslash makes the next
 * character ordinary, and before a line's end it joins the lines; "#" outside of quotes ends the line even inside a word; ";" ends a command.
 */

/** What is wrong with a UCI text, and where (lines count from 1). */
export class UciSyntaxError extends Error {
  override readonly name = "UciSyntaxError";
  constructor(readonly line: number, readonly problem: string) { super(`line ${line}: ${problem}`); }
}

const BLANKS = /[ \t\r\n\v\f]*/y;
const COMMAND = /[ \t]*([^ \t]*)[ \t]?/y;

export class Words {
  /** Of the last line that was read. */
  line = 0;
  readonly #text: string;
  #read = 0;
  /** What is read of the current command, up to the end of a line. */
  #buffer = "";
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first word of the next command; undefined: the text has ended. */
  command(): string | undefined {
    for (;;) {
      const word = this.#match(COMMAND)[1]!;
      if (word !== "" && !word.startsWith("#")) return word;
      if (this.#read >= this.#text.length) return undefined;
      this.#at = 0;
      this.#continue();
      this.#match(BLANKS);
    }
  }

  /** The next word of the command; "" when there is none, or an empty one. */
  next(): string {
    this.#match(BLANKS);
    if (this.#current === ";") {
      this.#at++;
      return "";
    }
    const start = this.#at;
    const word = this.#word();
    if (this.#current === ";") {
      // libuci ends a plain word by overwriting the ";", and with it what follows on the line.
      if (this.#at - start === word.length) this.#cut();
    } else this.#at++;
    return word;
  }

  get #current(): string | undefined { return this.#buffer[this.#at]; }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#buffer) ?? Object.assign(["", ""], { index: this.#at, input: "" }) as RegExpExecArray;
    this.#at += found[0].length;
    return found;
  }

  #cut(): void {
    this.#buffer = this.#buffer.slice(0, this.#at);
  }

  /** Puts the next line, if there is one, in place of what follows. */
  #continue(): void {
    const end = this.#text.indexOf("\n", this.#read) + 1 || this.#text.length;
    this.#buffer = this.#buffer.slice(0, this.#at) + this.#text.slice(this.#read, end);
    if (end > this.#read) this.line++;
    this.#read = end;
  }

  #word(): string {
    let word = "";
    do {
      const next = this.#current;
      if (next === undefined || next === ";") return word;
      if (next === "#") {
        this.#cut();
        return word;
      }
      word += next === "'" || next === '"' ? this.#quoted(next) : next === "\\" ? this.#escaped() : this.#plain();
    } while (!/[ \t\r\n\v\f]/.test(this.#current ?? " "));
    return word;
  }

  #plain(): string {
    return this.#buffer[this.#at++] ?? "";
  }

  #quoted(quote: string): string {
    const opened = this.line;
    let text = "";
    for (this.#at++; this.#current !== quote; ) {
      if (this.#current === undefined) this.#continue();
      if (this.#current === undefined) throw new UciSyntaxError(opened, `the quote ${quote} that opens here is never closed`);
      if (this.#current === quote) break;
      text += this.#current === "\\" && quote === '"' ? this.#escaped() : this.#plain();
    }
    this.#at++;
    return text;
  }

  #escaped(): string {
    this.#at++;
    if (!/^(\r?\n)?$/.test(this.#buffer.slice(this.#at))) return this.#plain();
    this.#continue();
    return "";
  }
}
