// SPDX-License-Identifier: Apache-2.0
// Makes a source map small enough for an access point: one mapping per source line instead of one per expression, no names, no sources' text.

interface SourceMap { version: 3; sources: string[]; mappings: string }

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const valueOf = new Map([...digits].map((digit, value) => [digit, value]));

/** The numbers of one segment (base64 VLQ, ECMA-426 section 7). */
function decode(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = valueOf.get(digit)!;
    value |= (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function encode(number: number): string {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    text += digits[(rest & 31) | (rest > 31 ? 32 : 0)];
    rest >>>= 5;
  } while (rest > 0);
  return text;
}

/** One generated file: its map, and the number of its lines. */
export interface Generated { map: string; lines: number }

/**
 * Keeps of the maps what leads a generated position to its source line, the files taken as one after the other; `rename` gives the sources the names to print.
 */
export function thinSourceMap(files: readonly Generated[], rename: (source: string) => string): string {
  const kept = { source: 0, line: 0, column: 0 };
  const sources: string[] = [];
  const lines: string[] = [];
  for (const { map, lines: count } of files) {
    const parsed = JSON.parse(map) as SourceMap;
    const own = thinLines(parsed.mappings, sources.length, kept);
    lines.push(...Array.from({ length: count }, (_, i) => own[i] ?? ""));
    sources.push(...parsed.sources);
  }
  return JSON.stringify({ version: 3, sources: sources.map(rename), mappings: lines.join(";") });
}

/** `offset`: of the map's sources among all; `kept`: the last position that was written, which the next is written against. */
function thinLines(mappings: string, offset: number, kept: { source: number; line: number; column: number }): string[] {
  const at = { source: offset, line: 0, column: 0 };
  return mappings.split(";").map((line) => {
    let [generated, keptGenerated, first] = [0, 0, true];
    const segments: string[] = [];
    for (const segment of line.split(",").filter(Boolean)) {
      const [columns, source, sourceLine, sourceColumn] = decode(segment);
      generated += columns!;
      if (source === undefined) continue;
      at.source += source;
      at.line += sourceLine!;
      at.column += sourceColumn!;
      if (!first && at.source === kept.source && at.line === kept.line) continue;
      segments.push([generated - keptGenerated, at.source - kept.source, at.line - kept.line, at.column - kept.column].map(encode).join(""));
      [keptGenerated, first] = [generated, false];
      Object.assign(kept, at);
    }
    return segments.join(",");
  });
}
