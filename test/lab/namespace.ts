// SPDX-License-Identifier: Apache-2.0
// A lab: network namespaces, processes and files of one run, under one prefix and one directory, and the removal of all of them;
// also of those that a killed run left behind.
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, run, sleep } from "./command.ts";

/** Where all labs of this machine keep their state: only root writes there, and its paths are short enough for unix sockets. */
const base = "/run/securebox-lab";
/** Namespaces are named PREFIX-LAB-NAME. */
const prefix = "sbx";

/** One network namespace of a lab. */
export interface Namespace {
  /** Short name within the lab. */
  readonly name: string;
  /** Name for `ip netns`. */
  readonly path: string;
  /** The command line that runs `argv` inside. */
  inside(argv: readonly string[]): string[];
  /** Runs a shell script inside, stopping at its first error. */
  script(text: string): Promise<void>;
}

export class Lab {
  readonly id: string;
  /** Everything that this lab writes lies here. */
  readonly directory: string;
  readonly #namespaces: string[] = [];
  readonly #endings: (() => void | Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  private constructor(id: string) {
    this.id = id;
    this.directory = join(base, id);
  }

  static readonly #open = new Set<Lab>();

  /** Closes all labs of this process, also one that is being built: for the end by a signal, to be followed by the process's end. */
  static async closeAll(): Promise<void> {
    const labs = [...Lab.#open];
    await Promise.all(labs.map((lab) => lab.close().catch(() => {})));
    await sleep(50); // a command that was under way when we began may have made something since
    await Promise.all(labs.map((lab) => remove(lab.id)));
  }

  /** Removes what killed runs left, then opens a new lab. Needs root: rejects with what is missing. */
  static async open(): Promise<Lab> {
    if (process.getuid?.() !== 0) throw new Error("the lab needs root: it makes network namespaces (ip netns) and virtual interfaces");
    await sweep();
    const lab = new Lab(freeId());
    Lab.#open.add(lab);
    return lab;
  }

  async namespace(name: string): Promise<Namespace> {
    if (this.#closing) throw new Error("the lab is closing");
    const path = `${prefix}-${this.id}-${name}`;
    this.#namespaces.push(path);
    await must(["ip", "netns", "add", path]);
    await must(["ip", "-n", path, "link", "set", "lo", "up"]);
    const inside = (argv: readonly string[]): string[] => ["ip", "netns", "exec", path, ...argv];
    return { name, path, inside, script: async (text) => void (await must(inside(["sh", "-e"]), { input: text })) };
  }

  /** Starts a process that ends with the lab at the latest. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    if (this.#closing) throw new Error("the lab is closing");
    const child = spawn(argv[0]!, argv.slice(1), options);
    if (child.pid !== undefined) this.adopt(child.pid);
    return child;
  }

  /** Records a process started otherwise, so that it ends with the lab. */
  adopt(pid: number): void {
    const identity = identify(pid);
    if (identity) appendFileSync(join(this.directory, "processes"), identity + "\n");
  }

  /** Runs at closing, last registered first, before processes are ended. */
  onClose(ending: () => void | Promise<void>): void {
    this.#endings.push(ending);
  }

  /** Ends and removes everything. May be called more than once. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      for (const ending of this.#endings.reverse()) await ending();
      await remove(this.id);
      Lab.#open.delete(this);
    })();
    return this.#closing;
  }
}

/** Removes the labs whose owner is gone. */
export async function sweep(): Promise<void> {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  for (const id of readdirSync(base)) {
    const owned = id.startsWith(".") ? running(Number(id.slice(1))) : alive(readText(join(base, id, "owner")).trim());
    if (!owned) await remove(id);
  }
}

// A directory without a living owner is swept by another lab that starts at this moment: it is made aside, with its owner inside.
function freeId(): string {
  const draft = join(base, `.${process.pid}`);
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  writeFileSync(join(draft, "owner"), identify(process.pid)!);
  for (let n = process.pid; n < process.pid + 1296; n++) {
    const id = (n % 1296).toString(36).padStart(2, "0");
    if (attempt(() => renameSync(draft, join(base, id)))) return id;
  }
  throw new Error(`no free lab under ${base}`);
}

async function remove(id: string): Promise<void> {
  const directory = join(base, id);
  const listed = (await run(["ip", "netns", "list"])).stdout.split("\n").map((line) => line.split(" ")[0]!);
  const namespaces = listed.filter((name) => name.startsWith(`${prefix}-${id}-`));
  const recorded = readText(join(directory, "processes")).split("\n").filter(alive).map((line) => Number(line.split(" ")[0]));
  const inside = await Promise.all(namespaces.map(async (name) => (await run(["ip", "netns", "pids", name])).stdout.split("\n").filter(Boolean).map(Number)));
  await end([...new Set([...recorded, ...inside.flat()])]);
  await unmount(directory);
  await Promise.all(namespaces.map((name) => run(["ip", "netns", "delete", name])));
  rmSync(directory, { recursive: true, force: true });
}

/** SIGTERM, half a second of patience, SIGKILL. */
async function end(pids: number[]): Promise<void> {
  const signal = (name: NodeJS.Signals) => pids.filter((pid) => attempt(() => process.kill(pid, name)));
  if (signal("SIGTERM").length === 0) return;
  for (let i = 0; i < 25; i++) {
    await sleep(20);
    if (!pids.some((pid) => running(pid))) return;
  }
  signal("SIGKILL");
  await sleep(20);
}

async function unmount(directory: string): Promise<void> {
  const points = readText("/proc/mounts").split("\n").map((line) => line.split(" ")[1] ?? "").filter((at) => at.startsWith(directory + "/"));
  for (const point of points.reverse()) await run(["umount", "-l", point]);
}

/** "PID START": the start time in clock ticks tells a process from a later one with its id (proc(5), stat, field 22). */
function identify(pid: number): string | undefined {
  const fields = readText(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
  return fields.length > 19 ? `${pid} ${fields[19]}` : undefined;
}

function alive(identity: string): boolean {
  return identity !== "" && identify(Number(identity.split(" ")[0])) === identity;
}

function running(pid: number): boolean {
  const state = readText(`/proc/${pid}/stat`).replace(/^.*\) /s, "")[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function attempt(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
