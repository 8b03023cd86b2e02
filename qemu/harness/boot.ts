// SPDX-License-Identifier: Apache-2.0
// One boot: QEMU is started, watched and ended. Nothing outlives it: the kernel kills QEMU when this process dies, however that happens
// (PR_SET_PDEATHSIG), a timer ends it at the deadline, and the guest switches itself off some seconds later should both fail.
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "../recipe/machines.ts";
import type { Accelerator } from "./accelerator.ts";

export interface BootOptions {
  machine: Machine;
  /** The image's folder. */
  image: string;
  /** Folder that the guest sees as /share; start.sh in it is run, `status`, `log` and `dmesg` are written there. */
  share: string;
  /** For serial output and QEMU's own complaints. */
  serial: string;
  accelerator: Accelerator;
  /** Seconds from start to end. */
  deadline: number;
  /** Megabytes of the guest. */
  memory: number;
  /** Called a few times a second while it runs. */
  tick?: () => void;
}

export interface BootResult {
  /** Exit status of start.sh; undefined when the guest gave none: it crashed, hung or was ended. */
  status: number | undefined;
  ended: "by itself" | "deadline" | "signal";
  seconds: number;
  /** Megabytes of QEMU at most. */
  peak: number;
}

const TICK = 250;
const running = new Set<ChildProcess>();

/** Ends every guest of this process. */
export function endAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

export async function boot(options: BootOptions): Promise<BootResult> {
  const start = performance.now();
  const log = openSync(options.serial, "w");
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", options.machine.program, ...argumentsFor(options)], { stdio: ["ignore", log, log] });
  closeSync(log);
  running.add(child);
  const result: BootResult = { status: undefined, ended: "by itself", seconds: 0, peak: 0 };
  const timer = setTimeout(() => { result.ended = "deadline"; child.kill("SIGKILL"); }, options.deadline * 1000);
  const ticker = setInterval(() => { result.peak = Math.max(result.peak, peakOf(child.pid!)); options.tick?.(); }, TICK);
  try {
    await new Promise<void>((resolve, reject) => child.once("error", reject).once("exit", (_, signal) => {
      if (signal && result.ended === "by itself") result.ended = "signal";
      resolve();
    }));
  } finally {
    clearTimeout(timer);
    clearInterval(ticker);
    running.delete(child);
  }
  options.tick?.();
  const status = join(options.share, "status");
  return { ...result, status: existsSync(status) ? Number(readFileSync(status, "utf8")) : undefined, seconds: (performance.now() - start) / 1000 };
}

function argumentsFor({ machine, image, share, accelerator, memory, deadline }: BootOptions): string[] {
  const folder = (tag: string, path: string, more = ""): string[] => ["-fsdev", `local,id=${tag},path=${path},security_model=none,multidevs=remap${more}`, "-device", `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`];
  const readonly = ",readonly=on";
  const root = machine.root === "9p" ? folder("rootfs", join(image, "root"), readonly) : ["-drive", `id=root,file=${join(image, "root.ext4")},format=raw,if=none,readonly=on`, "-device", "virtio-blk-pci,drive=root"];
  return [
    ...machine.board,
    // A small cache of translated code is as fast and spares a gigabyte; a second processor gains nothing.
    "-accel", accelerator === "kvm" ? "kvm" : "tcg,tb-size=128", "-smp", "1", "-m", String(memory),
    "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
    "-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd"),
    ...root, ...folder("work", share), ...folder("modules", join(image, "lib/modules"), readonly),
    "-append", `console=${machine.console} quiet panic=-1 mitigations=off net.ifnames=0 root=${machine.root} deadline=${deadline + 10} securebox.machine=disposable`,
  ];
}

/** Resident megabytes at most, so far. */
function peakOf(pid: number): number {
  try {
    return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000);
  } catch {
    return 0; // it has just ended
  }
}
