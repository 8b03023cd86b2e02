// SPDX-License-Identifier: Apache-2.0
// Enrolment against a fake backend that speaks HTTP over a fake TLS; its certificates are openssl's.
import { encodeBase64, type Enrolled } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { enrol } from "../enrol/enrol.ts";
import { HttpResponseReader, MAX_BODY } from "../enrol/http-response.ts";
import { parseApi, parseBroker, parseToken } from "../enrol/token.ts";
import { FileStore } from "../store.ts";
import { readCertificate } from "../x509/certificate.ts";
import { decodePem } from "../x509/pem.ts";
import { readElements, inside, TAG } from "../x509/der.ts";
import { encodePem } from "../x509/pem.ts";
import { CERTIFICATE } from "./certificate-vectors.ts";
import { DAY, FakeBackend, FakeGateway, publicOf, signingKey, TODAY } from "./fake-backend.ts";
import { Authority, sleep } from "./openssl.ts";

const { crypto } = platform;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const tokenOf = (fields: object): string => `sbx1.${encodeBase64(utf8(JSON.stringify(fields))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
const TOKEN = tokenOf({ u: "https://192.0.2.1:8443", s: "a-secret-of-one-use", p: "ab".repeat(32) });

interface Asked { method: string; path: string; body: any }
type Answer = { status: number; body: unknown; chunked?: boolean };

/** A fake HTTP server: one request per connection, answers as the test says. */
class FakeApi {
  readonly asked: Asked[] = [];
  answer: (asked: Asked) => Answer | Promise<Answer> = () => ({ status: 500, body: {} });

  constructor(readonly backend: FakeBackend) {
    backend.machine.net.listen({ host: "192.0.2.1", port: 8443 }, (stream) => {
      let text = "";
      return {
        data: (chunk) => {
          text += new TextDecoder().decode(chunk);
          const [head = "", body] = text.split("\r\n\r\n");
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
          if (body === undefined || utf8(body).length < length) return;
          const [, method = "", path = ""] = /^(\S+) (\S+) HTTP\/1\.1\r\n/.exec(head) ?? [];
          const asked = { method, path, body: body === "" ? undefined : JSON.parse(body) };
          this.asked.push(asked);
          void Promise.resolve(this.answer(asked)).then((answer) => {
            for (const piece of write(answer)) stream.write(utf8(piece));
            stream.end();
          });
        },
        close() {},
      };
    });
  }
}

function write({ status, body, chunked }: Answer): string[] {
  const text = JSON.stringify(body);
  if (!chunked) return [`HTTP/1.1 ${status} X\r\nContent-Length: ${utf8(text).length}\r\n\r\n`, text];
  return [`HTTP/1.1 ${status} X\r\nTransfer-Encoding: chunked\r\n\r\n`, ...text.match(/.{1,100}/gs)!.map((part) => `${part.length.toString(16)};x=y\r\n${part}\r\n`), "0\r\n\r\n"];
}

/** Virtual and real time together, for openssl runs in between. */
async function settle(backend: FakeBackend, done: () => boolean, step = 1): Promise<void> {
  for (let turn = 0; turn < 2000 && !done(); turn++) {
    await backend.machine.time.advance(step);
    await sleep(2);
  }
  assert.ok(done(), "it takes too long");
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const enrolled = (backend: FakeBackend, certificate: string, ca: string): Enrolled =>
  ({ network: "home", gateway: "attic", broker: "mqtts://192.0.2.1:8883", certificate, ca, keys: [publicOf(backend.key), publicOf(backend.recovery)], now: TODAY });

async function tryEnrol(answer: FakeApi["answer"], token = TOKEN): Promise<{ error: string; backend: FakeBackend; store: FileStore; api: FakeApi }> {
  const backend = new FakeBackend();
  const api = new FakeApi(backend);
  api.answer = answer;
  const store = new FileStore(backend.machine.files, "/state/backend", quiet);
  let error: string | undefined;
  void enrol(backend.machine, store, token).then(() => { error = ""; }, (cause: Error) => { error = cause.message; });
  await settle(backend, () => error !== undefined, 20);
  return { error: error!, backend, store, api };
}

const enrolment = suite("enrolment");

enrolment("tokens: what is wrong with them is said", () => {
  assert.equal(parseToken(` ${TOKEN.slice(0, 20)}\n${TOKEN.slice(20)} `), { api: "https://192.0.2.1:8443", host: "192.0.2.1", port: 8443, secret: "a-secret-of-one-use", pin: "ab".repeat(32) });
  assert.throws(() => parseToken("hello"), /expected "sbx1\."/);
  assert.throws(() => parseToken(TOKEN.slice(0, -9)), /damaged; copy the whole line/);
  assert.throws(() => parseToken(tokenOf({ u: "https://x" })), /incomplete/);
  assert.throws(() => parseToken(tokenOf({ u: "http://192.0.2.1", s: "12345678", p: "ab".repeat(32) })), /expected https:/);
  assert.throws(() => parseToken(tokenOf({ u: "https://x", s: "12345678", p: "abc" })), /64 hexadecimal/);
  assert.equal(parseApi("https://[2001:db8::1]/"), { api: "https://[2001:db8::1]", host: "2001:db8::1", port: 443 });
  assert.equal(parseBroker("mqtts://broker.example"), { host: "broker.example", port: 8883 });
  assert.throws(() => parseBroker("mqtts://x:99999"), /expected mqtts:/);
});

enrolment("HTTP answers: with a length, in chunks, until the end; byte by byte", () => {
  for (const answer of [...[false, true].map((chunked) => write({ status: 200, body: { text: "x".repeat(250) }, chunked }).join("")), `HTTP/1.1 200 OK\r\n\r\n${JSON.stringify({ text: "x".repeat(250) })}`]) {
    const reader = new HttpResponseReader();
    let response;
    for (const byte of utf8(answer)) response ??= reader.push(Uint8Array.of(byte));
    response ??= reader.end();
    assert.equal(JSON.parse(response.body), { text: "x".repeat(250) });
  }
});

enrolment("HTTP answers that are none, end early, or are too large", () => {
  const bad: Record<string, RegExp> = {
    "": /without an answer/, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc": /too early/, "SSH-2.0-x\r\n\r\n": /no HTTP/,
    "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n": /Content-Length/, "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n": /larger than/,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": /chunk size/, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n": /larger than/,
  };
  for (const [answer, expected] of Object.entries(bad)) assert.throws(() => { const reader = new HttpResponseReader(); reader.push(utf8(answer)) ?? reader.end(); }, expected);
  assert.throws(() => new HttpResponseReader().push(utf8(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(20_000)}`)), /no end of the header/);
  assert.throws(() => { const reader = new HttpResponseReader(); reader.push(utf8(`HTTP/1.1 200 OK\r\n\r\n${"y".repeat(MAX_BODY + 1)}`)) ?? reader.end(); }, /larger than/);
});

enrolment("a token becomes an identity: the certificate is for the key made here, the files are private", async () => {
  const authority = await Authority.make("enrol");
  const keys = new FakeBackend();
  const { error, store, api, backend } = await tryEnrol(async ({ body }) => ({ status: 200, body: { ...enrolled(keys, (await authority.issue(body.csr, 90)).certificate, authority.pem), epoch: 7 }, chunked: true }));
  authority.remove();
  assert.is(error, "");
  assert.equal(api.asked.map(({ method, path, body }) => [method, path, body.secret]), [["POST", "/api/v1/enrol", "a-secret-of-one-use"]]);
  const identity = store.identity()!;
  assert.equal([identity.network, identity.gateway, identity.api, identity.broker], ["home", "attic", "https://192.0.2.1:8443", { host: "192.0.2.1", port: 8883 }]);
  assert.is(readCertificate(identity.certificate).publicKey, crypto.publicKeyOf(identity.privateKey));
  assert.is(store.documents().initialKeys.keys.length, 2);
  assert.is(store.documents().epoch, 7);
  assert.ok(backend.machine.files.list("/state/backend").includes("credentials.json"));
});

enrolment("what the backend refuses, or answers wrongly, is said; nothing is kept", async () => {
  const keys = new FakeBackend();
  const good = enrolled(keys, CERTIFICATE, CERTIFICATE);
  const bad: [Answer, RegExp][] = [
    [{ status: 401, body: { error: { message: "the token was used" } } }, /refused \(401\): the token was used/],
    [{ status: 200, body: [] }, /network: expected a text/],
    [{ status: 200, body: good }, /another key than ours/],
    [{ status: 200, body: { ...good, gateway: "../x" } }, /gateway: expected a DNS label/],
    [{ status: 200, body: { ...good, keys: [{ ...good.keys[0]!, id: "0000000000000000" }] } }, /keys: expected/],
    [{ status: 200, body: { ...good, epoch: -1 } }, /epoch: expected a whole number/],
  ];
  for (const [answer, expected] of bad) {
    const { error, store } = await tryEnrol(() => answer);
    assert.match(error, expected);
    assert.is(store.identity(), undefined);
  }
  assert.match((await tryEnrol(() => new Promise(() => {}))).error, /no answer from 192.0.2.1 within 20 s/);
  assert.match((await tryEnrol(() => good as never, tokenOf({ u: "https://192.0.2.2", s: "12345678", p: "ab".repeat(32) }))).error, /ECONNREFUSED/);
});

/** The key in a request: the third field of its first part (RFC 2986 section 4.1). */
function keyIn(csr: string): string {
  const [info] = inside(readElements(decodePem("CERTIFICATE REQUEST", csr))[0], TAG.sequence, "request");
  return encodePem("PUBLIC KEY", inside(info, TAG.sequence, "info")[2]!.whole);
}

for (const lost of ["certificate", "certificate and key", "certificate, and somebody with the authority's key answers with keys of his own,"]) {
  enrolment(`a lost ${lost}: asked for again, approved in the console, connected; nobody touched the device`, async () => {
    const authority = await Authority.make("again");
    const backend = new FakeBackend();
    const api = new FakeApi(backend);
    const gateway = new FakeGateway(backend);
    const before = gateway.store.identity()!;
    gateway.store.saveIdentity({ ...before, certificate: "", privateKey: lost === "certificate and key" ? "" : before.privateKey });
    const fresh = new FakeGateway(backend);
    let csr = "";
    let polls = 0;
    api.answer = async ({ method, path, body }) => {
      if (method === "POST") {
        csr = body.csr;
        return { status: 202, body: { id: "Zk3vQ" } };
      }
      const proof = decodeURIComponent(/^\/api\/v1\/enrol\/requests\/Zk3vQ\?proof=(.+)$/.exec(path)![1]!);
      const bytes = Uint8Array.from(decodePem("X", `-----BEGIN X-----${proof}-----END X-----`));
      assert.ok(crypto.verifyP256(keyIn(csr), utf8("securebox-enrolment:Zk3vQ"), bytes));
      if (++polls < 3) return { status: 200, body: { state: "open" } };
      return { status: 200, body: { state: "approved", enrolled: { ...enrolled(backend, (await authority.issue(csr, 90)).certificate, authority.pem), ...(lost.includes("somebody") && { keys: [publicOf(signingKey()), publicOf(signingKey("recovery"))] }) } } };
    };
    fresh.link.start();
    await settle(backend, () => api.asked.length === 1);
    await backend.machine.time.advance(20);
    assert.is(backend.tries, 0, "without a certificate there is nothing to connect with");
    assert.is(fresh.link.status.enrolment?.request, "Zk3vQ");
    await backend.machine.time.advance(5_000);
    assert.is(polls, 1);
    await settle(backend, () => fresh.link.status.state === "connected", 100);
    authority.remove();
    assert.is(keyIn(csr) === crypto.publicKeyOf(before.privateKey), lost !== "certificate and key", "the key stays if it is there");
    assert.equal(fresh.store.documents().initialKeys.keys.map(({ id }) => id), [backend.key.id, backend.recovery.id]);
    assert.is(fresh.link.status.enrolment, undefined);
    assert.is(readCertificate(fresh.store.identity()!.certificate).publicKey, keyIn(csr));
    const polled = api.asked.length;
    await backend.machine.time.advance(DAY);
    assert.is(api.asked.length, polled, "no more");
  });
}

enrolment("an operator says no: asked again after an hour; a backend that is away: with back-off", async () => {
  const backend = new FakeBackend();
  const api = new FakeApi(backend);
  const gateway = new FakeGateway(backend);
  gateway.store.saveIdentity({ ...gateway.store.identity()!, certificate: "" });
  const fresh = new FakeGateway(backend);
  api.answer = ({ method }) => (method === "POST" ? { status: 202, body: { id: "Zk3vQ" } } : { status: 403, body: { error: { message: "rejected by anna" } } });
  fresh.link.start();
  await backend.machine.time.advance(3_600_000);
  assert.is(api.asked.length, 2);
  assert.match(fresh.link.status.enrolment!.lastError!, /rejected by anna/);
  await backend.machine.time.advance(60_000);
  assert.is(api.asked.length, 4);
  api.answer = () => ({ status: 503, body: {} });
  await backend.machine.time.advance(DAY);
  assert.ok(api.asked.length < 4 + 160, `${api.asked.length - 4} tries in a day`);
});

enrolment("a broker that refuses the certificate for two minutes: enrolled again", async () => {
  const backend = new FakeBackend();
  const api = new FakeApi(backend);
  api.answer = () => ({ status: 202, body: { id: "Zk3vQ" } });
  const gateway = new FakeGateway(backend);
  backend.mode = "refused";
  gateway.link.start();
  await backend.machine.time.advance(300_000);
  assert.is(api.asked.length, 0, "a broker that is down says nothing about certificates");
  backend.connectError = "tls 192.0.2.1:8883: ETLS (alert certificate revoked)";
  await backend.machine.time.advance(600_000);
  assert.ok(api.asked.some(({ method }) => method === "POST"));
  assert.ok(backend.tries > 10, "and it goes on trying");
});

for (const [clock, ahead, asks] of [["agrees", 400 * DAY, true], ["says otherwise", 0, false]] as const) {
  enrolment(`a broker that refuses the certificate twice, and the machine's own clock ${clock}: ${asks ? "asked for another at once" : "not believed yet"}`, async () => {
    const backend = new FakeBackend();
    const api = new FakeApi(backend);
    api.answer = () => ({ status: 202, body: { id: "Zk3vQ" } });
    const gateway = new FakeGateway(backend);
    backend.machine.time.setDate(TODAY + ahead);
    backend.mode = "refused";
    backend.connectError = "Connection refused: Not authorized";
    gateway.link.start();
    await backend.machine.time.advance(20_000);
    assert.ok(backend.tries >= 2);
    assert.is(api.asked.some(({ method }) => method === "POST"), asks);
  });
}

enrolment("how often an answer is asked for: 2 s after the request, doubled up to 15 s", async () => {
  const backend = new FakeBackend();
  const api = new FakeApi(backend);
  const asked: number[] = [];
  api.answer = ({ method }) => {
    asked.push(backend.machine.time.now() / 1000);
    return method === "POST" ? { status: 202, body: { id: "Zk3vQ" } } : { status: 200, body: { state: "open" } };
  };
  const gateway = new FakeGateway(backend);
  gateway.store.saveIdentity({ ...gateway.store.identity()!, certificate: "" });
  new FakeGateway(backend).link.start();
  await backend.machine.time.advance(70_000);
  assert.equal(asked.map((at) => Math.round(at - asked[0]!)), [0, 2, 6, 14, 29, 44, 59]);
});

enrolment.run();
