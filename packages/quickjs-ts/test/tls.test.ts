// SPDX-License-Identifier: Apache-2.0
/* Against a real server: openssl s_server, which echoes reversed lines (-rev). */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Child, TlsOptions, TlsStream } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { makeCertificates } from "./lib/certificates.ts";
import { decodeBase64 } from "@securebox/contract";
import { bytes, pair, Recorder, scratch, until } from "./lib/streams.ts";

const test = suite("tls");
const { files, net, tls, processes } = platform;
const directory = scratch("tls");
const DAY = 86_400_000;
const pem = (name: string): string => files.readText(`${directory}/${name}`);

async function freePort(): Promise<number> {
  const probe = net.listen({ host: "127.0.0.1", port: 0 }, () => new Recorder());
  const { port } = probe.address as { port: number };
  probe.close();
  return port;
}

/** Starts a server with the certificate `name`, runs `body`, ends the server. */
async function withServer(name: string, options: string[], body: (port: number) => Promise<void>): Promise<void> {
  const port = await freePort();
  let log = "";
  const note = (chunk: Uint8Array) => { log += new TextDecoder().decode(chunk); };
  let ended = false;
  const argv = ["openssl", "s_server", "-accept", `127.0.0.1:${port}`, "-cert", `${directory}/${name}.crt`, "-key", `${directory}/${name}.key`, ...options];
  const server: Child = processes.spawn(argv, { stdout: note, stderr: note, exit: () => { ended = true; } }, { stdin: "pipe" });
  try {
    await until(() => log.includes("ACCEPT") || ended, "the server's start");
    assert.is(ended, false, log);
    await body(port);
  } finally {
    if (!ended) server.kill("SIGKILL");
    await until(() => ended, "the server's end");
  }
}

function connect(port: number, more: Partial<TlsOptions> = {}): { stream: TlsStream; recorder: Recorder } {
  const recorder = new Recorder();
  return { recorder, stream: tls.connect({ host: "127.0.0.1", port }, recorder, { ca: pem("ca.crt"), serverName: "gateway.test", timeout: 8_000, ...more }) };
}

async function echo(stream: TlsStream, recorder: Recorder): Promise<void> {
  await until(() => recorder.calls.includes("open") || recorder.closed, "the handshake");
  assert.is(recorder.error, undefined);
  stream.write(bytes("hello\n"));
  await until(() => recorder.text.includes("olleh\n"), "the echo");
  stream.destroy();
  await until(() => recorder.closed, "close");
  assert.is(recorder.error, undefined);
}

test.before(() => makeCertificates(directory));

for (const version of tls.versions) {
  test(`TLS ${version}: verified, named, bytes both ways`, () => withServer("good", ["-rev", version === "1.2" ? "-tls1_2" : "-tls1_3"], async (port) => {
    const { stream, recorder } = connect(port);
    await until(() => recorder.calls.includes("open") || recorder.closed, "the handshake");
    assert.is(recorder.error, undefined);
    assert.is(stream.protocol, `TLSv${version}`);
    await echo(stream, recorder);
  }));
}

test("a server at an address is believed when its certificate names the address", () => withServer("address", ["-rev"], async (port) => {
  const { stream, recorder } = connect(port, { serverName: undefined });
  await echo(stream, recorder);
}));

test("a server that asks for a client certificate gets ours", () => withServer("good", ["-rev", "-Verify", "1", "-verify_return_error", "-CAfile", `${directory}/ca.crt`], async (port) => {
  const { stream, recorder } = connect(port, { certificate: pem("client.crt"), key: pem("client.key") });
  await echo(stream, recorder);
}));

test("without a client certificate such a server ends the connection", () => withServer("good", ["-rev", "-Verify", "1", "-verify_return_error", "-CAfile", `${directory}/ca.crt`], async (port) => {
  const { stream, recorder } = connect(port);
  // TLS 1.3 lets the client finish before the server has looked at certificates (RFC 8446 section 4.4.2): then the end follows at once.
  await until(() => recorder.closed || recorder.calls.includes("end"), "the end");
  if (recorder.calls.includes("open")) assert.ok(tls.versions.includes("1.3"));
  else assert.is(recorder.error?.code, "ETLS", String(recorder.error));
  assert.is(recorder.size, 0);
  stream.destroy();
}));

test("the application protocol is agreed on", () => withServer("good", ["-rev", "-alpn", "mqtt"], async (port) => {
  const { stream, recorder } = connect(port, { alpn: ["other", "mqtt"] });
  await until(() => recorder.calls.includes("open") || recorder.closed, "the handshake");
  assert.is(stream.alpn, "mqtt");
  await echo(stream, recorder);
}));

for (const [what, name, more, reason] of [
  ["a certificate for another name", "good", { serverName: "other.test" }, /match|altnames|common name/i],
  ["a certificate for another address", "address", { serverName: "127.0.0.2" }, /match|altnames|common name/i],
  ["a certificate for a name, of a server at an address", "good", { serverName: "127.0.0.1" }, /match|altnames|common name/i],
  ["a certificate that has expired", "expired", {}, /expired/i],
  ["an authority that we do not know", "good", { ca: "other.crt" }, /trust|unable to|self|signed/i],
  ["a certificate that had expired at the earliest time that it can be", "good", { validAt: { notBefore: Date.now() + 3 * DAY } }, /expired/i],
  ["a certificate that has expired by our clock", "good", { validAt: { now: Date.now() + 3 * DAY } }, /expired/i],
  ["a certificate of the future by our clock", "good", { validAt: { now: 0 } }, /future|only from/i],
  ["an authority that we do not know, whatever the time", "good", { ca: "other.crt", validAt: { notBefore: 0 } }, /trust|signed/i],
  ["a certificate that is for clients only", "no-server", {}, /purpose|usage/i],
  ["a certificate that is for clients only, by our clock", "no-server", { validAt: { now: Date.now() + 60_000 } }, /purpose|usage/i],
  ["a certificate for another name, whatever the time", "good", { serverName: "other.test", validAt: { notBefore: 0 } }, /match|altnames|common name/i],
] as [string, string, Partial<TlsOptions>, RegExp][]) {
  test(`${what} is refused, with the reason`, () => withServer(name, ["-rev"], async (port) => {
    const { recorder } = connect(port, typeof more.ca === "string" ? { ...more, ca: pem(more.ca) } : more);
    await until(() => recorder.closed, "close");
    assert.equal(recorder.calls, ["close"]);
    assert.is(recorder.error?.code, "ETLS");
    assert.match(recorder.error!.message, reason);
  }));
}

for (const [what, name, validAt] of [
  ["a clock at 1970 that is only a lower bound", "good", { notBefore: 0 }], ["a clock that is right", "good", { now: Date.now() + 60_000 }],
  ["a certificate that is for servers only", "server", { now: Date.now() + 60_000 }],
  ["an end that may not have come yet", "expired", { notBefore: Date.now() - 3 * DAY }],
] as [string, string, NonNullable<TlsOptions["validAt"]>][]) {
  test(`believed: ${what}`, () => withServer(name, ["-rev"], async (port) => {
    const { stream, recorder } = connect(port, { validAt });
    await echo(stream, recorder);
  }));
}

/** SHA-256 of a certificate's DER. */
function pinOf(name: string): string {
  const der = decodeBase64(pem(name).replace(/-----[^-]+-----|\s/g, ""));
  return [...platform.crypto.sha256(der)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

test("an authority known by its digest is believed when the server presents it", () => withServer("good", ["-rev", "-cert_chain", `${directory}/ca.crt`], async (port) => {
  const { stream, recorder } = connect(port, { ca: { pin: pinOf("ca.crt") }, validAt: { notBefore: 0 } });
  await echo(stream, recorder);
}));

for (const [what, pin, more, chain, reason] of [
  ["of another authority", "other.crt", {}, "ca.crt", /trust|signed/i],
  ["of the authority, which the server does not present", "ca.crt", {}, "", /trust|signed/i],
  ["of an authority that signed nothing of the chain", "other.crt", {}, "other.crt", /trust|signed/i],
  ["of the authority, of a server with another name", "ca.crt", { serverName: "other.test" }, "ca.crt", /match|altnames|common name/i],
] as [string, string, Partial<TlsOptions>, string, RegExp][]) {
  test(`a pin ${what} is not enough`, () => withServer("good", ["-rev", ...(chain ? ["-cert_chain", `${directory}/${chain}`] : [])], async (port) => {
    const { stream, recorder } = connect(port, { ca: { pin: pinOf(pin) }, ...more });
    stream.write(bytes("a secret\n"));
    await until(() => recorder.closed, "close");
    assert.equal(recorder.calls, ["close"]);
    assert.match(recorder.error!.message, reason);
  }));
}

test("what is no pin is refused at once", () => {
  assert.throws(() => connect(1, { ca: { pin: "abc" } }), /64 hexadecimal digits/);
});

test("a server that speaks no TLS is refused; one that says nothing meets the deadline", async () => {
  const plain = await pair({ host: "127.0.0.1", port: 0 });
  plain.close();
  for (const [answer, code] of [["220 this is not TLS at all\r\n", "ETLS"], ["", "ETIMEDOUT"]] as const) {
    const listener = net.listen({ host: "127.0.0.1", port: 0 }, (stream) => {
      if (answer) stream.write(bytes(answer));
      return new Recorder();
    });
    const { recorder } = connect((listener.address as { port: number }).port, { timeout: 300 });
    await until(() => recorder.closed, "close");
    assert.is(recorder.error?.code, code, String(recorder.error));
    listener.close();
  }
});

test("a refused connection keeps the system's name; bad options are refused at once", async () => {
  const { recorder } = connect(1);
  await until(() => recorder.closed, "close");
  assert.is(recorder.error?.code, "ECONNREFUSED");
  assert.throws(() => connect(1, { certificate: "no certificate", key: "no key" }), (error: { code: string }) => error.code === "ETLS");
});

test("megabytes arrive whole, with the receiver pausing in between", () => withServer("good", ["-www"], async (port) => {
  // s_server -www answers a request with a page; asked often enough over own connections it is real traffic both ways
  let size = 0;
  for (let turn = 0; turn < 5; turn++) {
    const { stream, recorder } = connect(port);
    recorder.onData = () => { stream.pause(); platform.timers.after(5, () => stream.resume()); };
    stream.write(bytes("GET / HTTP/1.0\r\n\r\n"));
    await until(() => recorder.calls.includes("end") || recorder.closed, "the page");
    assert.match(recorder.text, /200 ok/);
    assert.match(recorder.text, /<\/pre>|<\/BODY>/i);
    size += recorder.size;
    stream.destroy();
  }
  assert.ok(size > 5_000);
}));

test.run();
