// SPDX-License-Identifier: Apache-2.0
// YAML text -> plain values and their positions. YAML 1.2 core schema; JSON is a subset of it.
import { isMap, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node, Pair, YAMLError } from "yaml";
import { LIMITS } from "./limits.ts";
import { Report, type Locate, type Path } from "./problem.ts";
import { keyText, Values } from "./yaml-values.ts";

export interface Source {
  /** Plain JSON values; undefined for an empty document. Meaningless when `report` has problems. */
  value: unknown;
  report: Report;
  locate: Locate;
}

/** Reads one document. Broken syntax is reported alone: what it left of the document says nothing about its meaning. */
export function readYaml(input: string | Uint8Array): Source {
  const text = typeof input === "string" ? input.replace(/^\ufeff/, "") : decode(input);
  const unreadable = checkText(text, input);
  if (unreadable) return unreadable;
  const lines = new LineCounter();
  const parsed = nestsAbsurdly(text) ? undefined : parse(text, lines);
  if (!parsed) return failed("lists and mappings are nested too deeply to be read", `at most ${LIMITS.depth} levels`);
  const locate: Locate = (path, part) => position(lines, offsetOf(parsed, path, part));
  const report = new Report(locate);
  for (const error of firstOfEachLine([...parsed.errors, ...parsed.warnings], lines)) report.errorAt(position(lines, error.pos[0]), ...syntaxMessage(error));
  const value = report.problems.length > 0 ? undefined : new Values(report).read(parsed.contents);
  return { value, report, locate };
}

function decode(bytes: Uint8Array): string {
  // Longer input is refused by its length anyway: a UTF-8 character has at most four bytes.
  return new TextDecoder().decode(bytes.length > 4 * LIMITS.textLength ? bytes.subarray(0, 4 * LIMITS.textLength + 4) : bytes);
}

function checkText(text: string, input: string | Uint8Array): Source | undefined {
  if (text.length > LIMITS.textLength) return failed(`the document has more than ${LIMITS.textLength} characters`, "fewer; that is the limit");
  const utf16 = typeof input !== "string" && input.length > 1 && input[0]! + input[1]! === 0xff + 0xfe;
  if (utf16) return failed("the text is UTF-16", "UTF-8; save the file in that encoding", text);
  const bad = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]|\r(?!\n)/.exec(text);
  if (!bad) return undefined;
  if (bad[0] === "\ufffd") return failed("the text is not UTF-8 here", "UTF-8; save the file in that encoding", text, bad.index);
  if (bad[0] === "\r") return failed("the line ends by a carriage return alone", "line ends as on Unix or Windows", text, bad.index);
  const code = bad[0].charCodeAt(0).toString(16).padStart(4, "0");
  return failed(`a control character (U+${code}) stands in the text`, "printable characters", text, bad.index);
}

/** A document that cannot be read at all, because of what stands at `offset` of `text`. */
function failed(message: string, expected: string, text = "", offset = 0): Source {
  const before = text.slice(0, offset);
  const place = { line: before.split(/\r\n?|\n/).length, column: offset - Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) };
  const locate = () => place;
  const report = new Report(locate);
  report.error([], message, expected);
  return { value: undefined, report, locate };
}

/** A thousand opening brackets in a row. The composer would find out too, after seconds and a full stack. */
function nestsAbsurdly(text: string): boolean {
  let run = 0;
  for (let offset = 0; offset < text.length && run < 1000; offset++) {
    const code = text.charCodeAt(offset);
    if (code === 0x5b || code === 0x7b) run++;
    else if (code > 0x20) run = 0;
  }
  return run === 1000;
}

/** Undefined when the nesting exhausts the stack; the composer descends recursively. */
function parse(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, schema: "core", merge: false, resolveKnownTags: false, logLevel: "error" });
  } catch (error) {
    if (error instanceof RangeError || error instanceof Error && error.name === "InternalError") return undefined;
    throw error;
  }
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** One slip makes the library complain several times. */
function firstOfEachLine(errors: YAMLError[], lines: LineCounter): YAMLError[] {
  const seen = new Set<number>();
  return errors.sort((a, b) => a.pos[0] - b.pos[0]).filter((error) => {
    const { line } = lines.linePos(error.pos[0]);
    return !seen.has(line) && seen.add(line);
  });
}

const INDENTATION = "entries of one list or mapping below each other, and their parts further in";

/** Message and what was expected, in words for people who do not know YAML's. */
function syntaxMessage(error: YAMLError): [string, string] {
  const detail = error.message.replace(/\s+/g, " ").slice(0, 200);
  const unclosed = /^Flow (?:sequence|map).* end with a (.)/.exec(detail)?.[1];
  if (unclosed) return [`a ${unclosed === "]" ? "[" : "{"} before this place is not closed`, unclosed];
  switch (error.code) {
    case "RESOURCE_EXHAUSTION": return ["lists and mappings are nested too deeply to be read", `at most ${LIMITS.depth} levels`];
    case "TAB_AS_INDENT": return ["a tab stands in the indentation", "spaces"];
    case "MULTIPLE_DOCS": return ["a second document begins (---)", "one policy per file"];
    case "BAD_INDENT": return [`the indentation does not fit: ${detail}`, INDENTATION];
    case "BLOCK_AS_IMPLICIT_KEY": return ["the indentation does not fit, or a quote or bracket is missing", INDENTATION];
    case "BLOCK_IN_FLOW": return [detail, "commas between the parts of [ ] and { }"];
    case "MISSING_CHAR": return [detail, "the quote, bracket, comma or blank that is missing"];
    case "BAD_ALIAS": return [detail, 'quotes around a text that begins with *: "*.example.org"'];
    case "TAG_RESOLVE_FAILED": return [detail, "a value without a tag (!)"];
    case "BAD_SCALAR_START": return [detail, "quotes around a text that begins with a special character"];
    default: return [`not YAML: ${detail}`, ""];
  }
}

/** Offset of the part of the document that `path` names, or of the nearest part around it that exists. */
function offsetOf(document: Document.Parsed, path: Path, part: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = startOf(node, 0);
  for (const [depth, step] of path.entries()) {
    if (isSeq(node)) {
      node = node.items[Number(step)];
      if (node === undefined) return offset;
    } else if (isMap(node)) {
      // The last one: a duplicate is the one reported.
      const pair: Pair<unknown, unknown> | undefined = node.items.findLast((item) => keyText(item) === String(step));
      if (!pair) return offset;
      offset = startOf(pair.key, offset);
      if (part === "key" && depth === path.length - 1) return offset;
      node = pair.value;
    } else return offset;
    offset = startOf(node, offset);
  }
  return offset;
}

function startOf(node: unknown, otherwise: number): number {
  return (node as Node | null | undefined)?.range?.[0] ?? otherwise;
}
