// SPDX-License-Identifier: Apache-2.0
/*
 * LinkStore over a directory. Files are replaced atomically, readable by their owner alone. What cannot be read or is damaged is logged, kept aside as
 * NAME.corrupt (the last one), and treated as missing: the backend has everything but the private key, and a lost certificate is asked for again.
 *
 *   identity.json      where the backend is and who we are      credentials.json   certificate and private key
 *   documents.json     signed documents, keys, sequences        clock.json         the floor            outbox.json   events
 */
import type { Files } from "quickjs-ts";
import type { LinkLog } from "./log.ts";
import type { Identity, LinkStore } from "./types.ts";

const MODE = 0o600;
type Documents = ReturnType<LinkStore["documents"]>;
type Json = Record<string, unknown>;

export class FileStore implements LinkStore {
  constructor(private readonly files: Files, private readonly directory: string, private readonly log: LinkLog) {}

  /** undefined: never enrolled (or no trace of it left). Lost credentials: `certificate` and `privateKey` are "". */
  identity(): Identity | undefined {
    const known = this.#read("identity.json", isIdentity);
    const credentials = this.#read("credentials.json", isCredentials);
    return known && { ...known, certificate: credentials?.certificate ?? "", privateKey: credentials?.privateKey ?? "" };
  }

  /** Credentials first: with them alone nothing happens, while a new identity with old credentials would be refused by its broker. */
  saveIdentity({ certificate, privateKey, ...known }: Identity): void {
    this.#write("credentials.json", { certificate, privateKey });
    const before = this.#read("identity.json", isIdentity);
    if (JSON.stringify(before) !== JSON.stringify(known)) this.#write("identity.json", known);
  }

  documents(): Documents {
    return this.#read("documents.json", isDocuments) ?? { revoked: [], initialKeys: { keys: [] }, sequences: {} };
  }
  saveDocuments(documents: Documents): void { this.#write("documents.json", documents); }

  floor(): number { return this.#read("clock.json", isFloor)?.floor ?? 0; }
  saveFloor(floor: number): void { this.#write("clock.json", { floor }); }

  outbox(): unknown { return this.#read("outbox.json", (value): value is Json => true); }
  saveOutbox(outbox: unknown): void { this.#write("outbox.json", outbox); }

  #read<T>(name: string, is: (value: Json) => value is Json & T): T | undefined {
    const path = `${this.directory}/${name}`;
    if (!this.files.status(path)) return undefined;
    let text = "";
    try {
      text = this.files.readText(path);
      const value: unknown = JSON.parse(text);
      if (typeof value === "object" && value !== null && is(value as Json)) return value as Json & T;
      throw new RangeError("not what was written there");
    } catch (error) {
      this.#setAside(path, text, (error as Error).message);
      return undefined;
    }
  }

  #setAside(path: string, text: string, reason: string): void {
    this.log.error("state of the link damaged", { file: path, reason, kept: `${path}.corrupt` });
    try {
      this.files.replace(`${path}.corrupt`, text, { mode: MODE });
      this.files.remove(path);
    } catch (error) {
      this.log.warn("damaged file not set aside", { file: path, reason: (error as Error).message });
    }
  }

  #write(name: string, value: unknown): void {
    this.files.makeDirectory(this.directory, 0o700);
    this.files.replace(`${this.directory}/${name}`, JSON.stringify(value), { mode: MODE });
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isCredentials = (value: Json): value is Json & Pick<Identity, "certificate" | "privateKey"> => isText(value["certificate"]) && isText(value["privateKey"]);
const isFloor = (value: Json): value is Json & { floor: number } => Number.isSafeInteger(value["floor"]);

function isIdentity(value: Json): value is Json & Omit<Identity, "certificate" | "privateKey"> {
  const broker = value["broker"];
  return ["network", "gateway", "api", "ca"].every((name) => isText(value[name])) && isObject(broker) && isText(broker["host"]) && Number.isInteger(broker["port"]);
}

/** The documents themselves were checked when they were accepted; here only that the file is whole. */
function isDocuments(value: Json): value is Json & Documents {
  const { desired, previous, keys, revoked, initialKeys, epoch, sequences } = value;
  const isDocument = (each: unknown): boolean => each === undefined || (isObject(each) && isObject(each["body"]) && Number.isSafeInteger(each["sequence"]));
  return [desired, previous, keys].every(isDocument) && Array.isArray(revoked) && revoked.every(isText)
    && isObject(initialKeys) && Array.isArray(initialKeys["keys"]) && (epoch === undefined || Number.isSafeInteger(epoch)) && isObject(sequences) && Object.values(sequences).every(Number.isSafeInteger);
}
