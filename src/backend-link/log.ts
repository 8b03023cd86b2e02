// SPDX-License-Identifier: Apache-2.0

export type Fields = Record<string, string | number | boolean | undefined>;

/** Where the link tells what happens, for people; the gateway's log fits. */
export interface LinkLog {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}
