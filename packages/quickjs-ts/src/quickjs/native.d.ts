// SPDX-License-Identifier: Apache-2.0
/* What ../../native exports to JavaScript. Only the wrappers in this folder use it. */
declare module "securebox:native" {
  import type { PlatformError, StreamHandlers, Timer, TlsStream, Datagram } from "quickjs-ts";

  export function setErrorClass(errorClass: typeof PlatformError): void;
  export const hasTls13: boolean;

  export function now(): number;
  export function after(delay: number, run: () => void): Timer;
  export function every(interval: number, run: () => void): Timer;

  export function streamConnect(
    address: object, handlers: StreamHandlers, timeout: number, highWaterMark: number, subject: string, tls: object | undefined): TlsStream;
  export function streamOf(fd: number, handlers: StreamHandlers, subject: string): TlsStream;

  interface Socket {
    /** -1 for a unix socket. */
    readonly port: number;
    send(data: Uint8Array, host: string, port: number): boolean;
    close(): void;
  }
  export function listen(
    hostOrPath: string, port: number, accept: (stream: TlsStream) => StreamHandlers, mode: number, highWaterMark: number, subject: string): Socket;
  export function datagram(host: string, port: number, receive: (datagram: Datagram) => void, subject: string): Socket;
  export function resolve(name: string, timeout: number, done: (error: PlatformError | undefined, addresses: string[]) => void): void;

  /** [pid, fd of stdin, stdout, stderr]; -1 where there is no pipe. Modes: 0 ignore, 1 pipe, 2 inherit. */
  export function spawn(
    argv: readonly string[], environment: string[] | undefined, directory: string | undefined, modes: number[],
    exited: (code: number | null, signal: string | null) => void): [number, number, number, number];
  export function kill(pid: number, signal: string): void;
  export function onSignal(signal: string, run: (() => void) | undefined): void;
  export function pid(): number;
  export function programArguments(): string[];
  export function self(): string[];
  export function environment(name: string): string | undefined;
  export function print(fd: number, text: string): void;
  export function exit(code: number): never;
  export function trim(): void;
  export function apart(module: string, input: string): string;

  export function readFile(path: string | 0, asText: false): Uint8Array;
  export function readFile(path: string | 0, asText: true): string;
  export function replaceFile(path: string, data: Uint8Array | string, mode: number, sync: boolean): void;
  export function appendFile(path: string, data: Uint8Array | string): void;
  export function makeDirectory(path: string, mode: number): void;
  export function remove(path: string): void;
  export function list(path: string): string[];
  export function status(path: string): ["file" | "directory" | "socket" | "other", number, number, number] | undefined;
  export function watch(path: string, changed: () => void): { close(): void };

  export function sha256(data: Uint8Array): Uint8Array;
  export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  export function generateP256(): { privateKey: string; publicKey: string };
  export function publicKeyOf(privateKey: string): string;
  export function signP256(privateKey: string, data: Uint8Array): Uint8Array;
  export function verifyP256(publicKey: string, data: Uint8Array, signature: Uint8Array): boolean;
  export function random(size: number): Uint8Array;

  export function utf8Encode(text: string): Uint8Array;
  export function utf8Decode(bytes: Uint8Array, fatal: boolean): string;
  export function utf8Unfinished(bytes: Uint8Array): number;
  export function mapStack(stack: string): string;
}
