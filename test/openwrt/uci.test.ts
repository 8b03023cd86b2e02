// SPDX-License-Identifier: Apache-2.0
/*
 * Our reader and writer of UCI text against OpenWrt's program `uci`: with OPENWRT_PREFIX thousands of texts go through it; else what it said of some hundred
 * (recorded.json, written by record.ts; openwrt/uci 66127cd) is what ours must say. One difference is wanted: a NUL is refused, as `uci` drops the rest of
 * the line and glues the next one on.
 */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatUci, parseUci, showUci, UciSyntaxError } from "../../src/openwrt/uci/text.ts";
import type { UciPackage } from "../../src/openwrt/uci/package.ts";
import { prefix } from "./prefix.ts";
import { packageTexts, Random } from "./uci/packages.ts";
import { realUci } from "./uci/program.ts";

const test = suite("the program uci");

/** undefined: refused. */
function parsed(text: string): UciPackage | undefined {
  try {
    return parseUci(text);
  } catch (error) {
    if (error instanceof UciSyntaxError) return undefined;
    throw error;
  }
}

const shown = (text: string): string | null => { const sections = parsed(text); return sections ? showUci(sections, "p") : null; };
const exported = (text: string): string | null => { const sections = parsed(text); return sections ? formatUci(sections, "p") : null; };
/** `uci` does not quote types, so what it exports of others it reads as something else. */
const plainTypes = (text: string): boolean => !parsed(text)?.some(({ type }) => /["'\\#;]/.test(type));

function differences(texts: readonly string[], ours: (text: string) => string | null, real: readonly (string | null)[]): string[] {
  return texts.flatMap((text, index) => (ours(text) === real[index] ? [] : [`${JSON.stringify(text)}\n  uci:  ${JSON.stringify(real[index])}\n  ours: ${JSON.stringify(ours(text))}`]));
}

const none = (found: string[]): void => assert.is(found.length, 0, `${found.length} differ:\n${found.slice(0, 5).join("\n")}`);

/** Packages as a program makes them, with any text as a value. */
function packages(seed: number, count: number): UciPackage[] {
  const random = new Random(seed);
  const text = (): string => random.many(1, 6, () => random.of(["a", "'", '"', "\\", "\n", "\r", " ", "\t", "#", ";", "ü", "$", "`", "\u0001", "世"])).join("");
  const options = (): UciPackage[0]["options"] => new Map(Array.from({ length: random.below(4) }, (_, option) => [`o${option}`, random.below(2) ? text() : random.many(1, 3, () => (random.below(5) ? text() : ""))]));
  return Array.from({ length: count }, () => Array.from({ length: random.below(4) }, (_, index) => ({ type: random.of(["wifi-iface", "s", "!x", "a'b", "#", 'x"\\y']), name: random.below(2) ? `n${index}` : undefined, options: options() })));
}

if (prefix) {
  test("3,000 texts are read as uci reads them, or refused as it refuses them", () => {
    const texts = packageTexts(Number(process.env["SECUREBOX_SEED"] ?? 1), 3000);
    const real = realUci("show", texts);
    assert.ok(real.filter((each) => each !== null).length > 300, "enough of them are right");
    none(differences(texts, shown, real));
  });

  test("1,000 packages are written as uci writes them", () => {
    const texts = packageTexts(2, 3000).filter((text) => parsed(text) && plainTypes(text)).slice(0, 1000);
    none(differences(texts, exported, realUci("export", texts)));
  });

  test("1,000 packages with any values: uci reads back what we wrote", () => {
    const made = packages(3, 1000), texts = made.map((sections) => formatUci(sections));
    none(differences(texts, (text) => showUci(made[texts.indexOf(text)]!, "p"), realUci("show", texts)));
  });
} else {
  const recorded = JSON.parse(readFileSync("test/openwrt/uci/recorded.json", "utf8")) as [text: string, exported: string | null, shown: string | null][];
  const texts = recorded.map(([text]) => text);

  test("recorded: texts are read as uci read them, or refused as it refused them", () => {
    assert.ok(recorded.filter(([, real]) => real !== null).length > 150);
    assert.ok(recorded.filter(([, real]) => real === null).length > 50);
    none(differences(texts, shown, recorded.map(([, , real]) => real)));
  });

  test("recorded: packages are written as uci wrote them", () => {
    const plain = recorded.filter(([text]) => plainTypes(text));
    none(differences(plain.map(([text]) => text), exported, plain.map(([, real]) => real)));
  });
}

test("a NUL is refused with its line", () => {
  assert.throws(() => parseUci("config s\n\toption a 'x\0y'\n"), /^line 2: a NUL character$/);
});

test.run();
