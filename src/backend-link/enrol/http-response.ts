// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 response (RFC 9112) out of the bytes of a connection that serves one request: bounded, by Content-Length, in chunks, or until the end.
export const MAX_BODY = 256 * 1024;
const MAX_HEAD = 16 * 1024;

export interface HttpResponse { status: number; body: string }

export class HttpError extends Error {
  override readonly name = "HttpError";
}

const decoder = new TextDecoder();
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

export class HttpResponseReader {
  #bytes = new Uint8Array(0);

  /** The response once it is complete. Throws HttpError when it is none of HTTP or too large. */
  push(chunk: Uint8Array): HttpResponse | undefined {
    if (this.#bytes.length + chunk.length > 2 * MAX_BODY + MAX_HEAD) throw new HttpError(`the answer is larger than ${MAX_BODY} bytes`);
    const bytes = new Uint8Array(this.#bytes.length + chunk.length);
    bytes.set(this.#bytes);
    bytes.set(chunk, this.#bytes.length);
    this.#bytes = bytes;
    return this.#parse(false);
  }

  /** The peer sent its last byte. Throws HttpError when something is missing. */
  end(): HttpResponse {
    const response = this.#parse(true);
    if (!response) throw new HttpError(this.#bytes.length === 0 ? "the server closed the connection without an answer" : "the answer ended too early");
    return response;
  }

  #parse(ended: boolean): HttpResponse | undefined {
    const size = headSize(this.#bytes);
    if (size === undefined) {
      if (this.#bytes.length > MAX_HEAD) throw new HttpError(`no end of the header within ${MAX_HEAD} bytes`);
      return undefined;
    }
    const head = parseHead(latin1(this.#bytes.subarray(0, size)));
    const body = readBody(this.#bytes.subarray(size), head, ended);
    if (body && body.length > MAX_BODY) throw new HttpError(`the answer is larger than ${MAX_BODY} bytes`);
    return body && { status: head.status, body: decoder.decode(body) };
  }
}

interface Head { status: number; chunked: boolean; length: number | undefined }

/** Up to and including the empty line. */
function headSize(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(13); at >= 0; at = bytes.indexOf(13, at + 1))
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
  return undefined;
}

function parseHead(text: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
  if (status === undefined) throw new HttpError(`no HTTP: ${JSON.stringify(first.slice(0, 60))}`);
  const fields = new Map(lines.filter(Boolean).map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  const length = fields.get("content-length");
  if (length !== undefined && !/^\d{1,10}$/.test(length)) throw new HttpError(`Content-Length: ${JSON.stringify(length.slice(0, 20))}`);
  if (Number(length ?? 0) > MAX_BODY) throw new HttpError(`the answer is larger than ${MAX_BODY} bytes`);
  return { status: Number(status), chunked: /(^|,\s*)chunked$/i.test(fields.get("transfer-encoding") ?? ""), length: length === undefined ? undefined : Number(length) };
}

/** undefined: more has to come. RFC 9112 section 6.3: chunked counts before Content-Length. */
function readBody(bytes: Uint8Array, head: Head, ended: boolean): Uint8Array | undefined {
  if (head.status === 204 || head.status === 304) return new Uint8Array(0);
  if (head.chunked) return readChunks(bytes);
  if (head.length !== undefined) return bytes.length >= head.length ? bytes.subarray(0, head.length) : undefined;
  return ended ? bytes : undefined;
}

function readChunks(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; ; ) {
    const end = bytes.indexOf(10, at);
    if (end < 0) return undefined;
    const size = /^([0-9A-Fa-f]{1,6})[ \t]*(?:;[^\r]*)?\r$/.exec(latin1(bytes.subarray(at, end)));
    if (!size) throw new HttpError(`chunk size at byte ${at} of the body`);
    const length = parseInt(size[1]!, 16);
    if (length === 0) return join(parts, total);
    if ((total += length) > MAX_BODY) throw new HttpError(`the answer is larger than ${MAX_BODY} bytes`);
    at = end + 1 + length + 2;
    if (bytes.length < at) return undefined;
    parts.push(bytes.subarray(end + 1, end + 1 + length));
  }
}

function join(parts: readonly Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
