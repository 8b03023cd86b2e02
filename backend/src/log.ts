// SPDX-License-Identifier: Apache-2.0
// One line per event to standard error, for people or for machines.
import { LOG_LEVELS, type LogLevel } from "./config.ts";

export type Log = (level: LogLevel, event: string, fields?: Record<string, unknown>) => void;

export function createLog(format: "text" | "json", least: LogLevel, write: (line: string) => void = (line) => void process.stderr.write(line)): Log {
  const from = LOG_LEVELS.indexOf(least);
  return (level, event, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < from) return;
    const at = new Date().toISOString();
    write(format === "json" ? `${JSON.stringify({ at, level, event, ...fields })}\n` : `${at.slice(11, 19)} ${level.padEnd(5)} ${event}${textOf(fields)}\n`);
  };
}

/** What came from outside cannot make a line of its own, nor colours. */
function textOf(fields: Record<string, unknown>): string {
  return Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) => ` ${name}=${quote(value)}`).join("");
}

function quote(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[\x21-\x7e]+$/.test(text) && !text.includes('"') ? text : JSON.stringify(text).replace(/[\x7f-\x9f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
