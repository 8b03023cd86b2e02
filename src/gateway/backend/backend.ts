// SPDX-License-Identifier: Apache-2.0
// The gateway's side of the link: what it is told, what it is asked for, and when it starts and ends. Without an enrolment nothing here runs.
import type { Settings } from "@securebox/contract";
import type { Millis, Timer } from "quickjs-ts";
import type { Link, LinkStatus, Question, Told } from "../../backend-link/types.ts";
import { ControlFailure, type EnrollResult, type UnenrollResult } from "../control/protocol.ts";
import type { Gateway } from "../gateway.ts";
import { EnrolmentFailure, type BackendAccess } from "./access.ts";
import { EventForwarder } from "./events.ts";
import { devicesOf, reportedOf } from "./report.ts";

/** Some of what is reported changes without anybody telling (a full disk, a lost source of station events): looked at so often. */
const LOOK: Millis = 10_000;

export class Backend {
  readonly #gateway: Gateway;
  readonly #access: BackendAccess;
  #link: Link | undefined;
  #events: EventForwarder | undefined;
  #settings: Settings = {};
  #looks: Timer | undefined;
  #enrolling = false;

  constructor(gateway: Gateway, access: BackendAccess) {
    this.#gateway = gateway;
    this.#access = access;
  }

  get status(): LinkStatus | undefined { return this.#link?.status; }
  /** Whether new devices are asked about at all. */
  get asksDevices(): boolean { return this.#link !== undefined && this.#settings.askDevices !== false; }

  /** Before the policy file is opened: a kept document comes into force in this call. */
  start(): void {
    if (!this.#gateway.config.backend.enabled || !this.#access.membership()) return;
    const { platform, log } = this.#gateway;
    const forwarder = new EventForwarder(log, { event: (...event) => this.#link?.event(...event) });
    this.#events = forwarder;
    this.#link = this.#access.link({
      enforce: (desired, ignored, answer) => {
        if (this.#gateway.policies.want(desired, ignored, answer)) this.#follow(desired.settings);
      },
      reported: () => reportedOf(this.#gateway), devices: () => devicesOf(this.#gateway),
    }, forwarder.linkLog());
    forwarder.forward("info");
    this.#link.start();
    this.#looks = platform.timers.every(LOOK, () => this.changed("reported"));
  }

  /** The backend is told that the gateway goes; resolves when that is sent. */
  close(): Promise<void> {
    this.#looks?.cancel();
    this.#events?.close();
    this.#link?.stop();
    this.#link = undefined;
    this.#events = undefined;
    this.#settings = {};
    return this.#access.quiet();
  }

  changed(what: "reported" | "devices"): void { this.#link?.changed(what); }
  /** The uplink came up, or another one. */
  probe(): void { this.#link?.probe(); }
  ask(question: Question, answer: (told: Told) => void): boolean { return this.#link?.ask(question, answer) ?? false; }

  async enroll(token: string): Promise<EnrollResult> {
    const member = this.#access.membership();
    if (member) throw new ControlFailure("refused", `already enrolled as ${member.gateway} of network ${member.network}: "securebox unenroll" first`);
    if (!this.#gateway.config.backend.enabled) throw new ControlFailure("refused", "the configuration says backend.enabled: false");
    if (this.#enrolling) throw new ControlFailure("refused", "an enrolment is under way");
    this.#enrolling = true;
    try {
      const joined = await this.#access.enrol(token);
      this.#gateway.log.info("enrolled", { network: joined.network, gateway: joined.gateway, broker: joined.broker });
      this.start();
      return { ...joined };
    } catch (error) {
      throw error instanceof EnrolmentFailure ? new ControlFailure("refused", error.message) : error;
    } finally {
      this.#enrolling = false;
    }
  }

  async unenroll(): Promise<UnenrollResult> {
    const member = this.#access.membership();
    if (!member) throw new ControlFailure("refused", "this gateway is not enrolled");
    await this.close();
    this.#access.leave();
    this.#gateway.population.newcomers.release();
    this.#gateway.log.warn("left the backend", { network: member.network, gateway: member.gateway });
    await this.#gateway.policies.release();
    return { ...member, policy: this.#gateway.policies.status.source };
  }

  #follow(settings: Settings): void {
    if (settings.events !== this.#settings.events) this.#events?.forward(settings.events ?? "info");
    this.#settings = settings;
  }
}
