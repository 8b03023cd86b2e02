// SPDX-License-Identifier: Apache-2.0
import type { Reader } from "../reader.ts";
import { putNumberProperty, putProperty, readProperties } from "../properties.ts";
import type { Action, Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { beginNicira, end, Nicira } from "./wire.ts";

type Controller = Extract<Action, { type: "controller" }>;

const ACTION_REASON = 1;
const Property = { MAX_LENGTH: 0, ID: 1, REASON: 2, USERDATA: 3, PAUSE: 4, METER: 5 } as const;

/** The short form (20) as long as it can say everything, the form with properties (37) otherwise. */
export function putController(writer: Writer, action: Controller, _version: Version): void {
  if (action.userdata !== undefined || action.pause || action.meter !== undefined) return putWithProperties(writer, action);
  beginNicira(writer, Nicira.CONTROLLER, 16);
  writer.u16(action.maxLength ?? 0xffff, "controller.maxLength");
  writer.u16(action.id ?? 0, "controller.id");
  writer.u8(action.reason ?? ACTION_REASON, "controller.reason");
  writer.at += 1;
}

function putWithProperties(writer: Writer, action: Controller): void {
  const start = beginNicira(writer, Nicira.CONTROLLER2, 16);
  writer.at += 6;
  if (action.maxLength !== undefined && action.maxLength !== 0xffff) putNumberProperty(writer, Property.MAX_LENGTH, 2, action.maxLength, "controller.maxLength");
  if (action.id !== undefined && action.id !== 0) putNumberProperty(writer, Property.ID, 2, action.id, "controller.id");
  if (action.reason !== undefined && action.reason !== ACTION_REASON) putNumberProperty(writer, Property.REASON, 1, action.reason, "controller.reason");
  if (action.userdata !== undefined && action.userdata.length > 0) putProperty(writer, Property.USERDATA, () => writer.raw(action.userdata!));
  if (action.pause) putProperty(writer, Property.PAUSE, () => {});
  if (action.meter !== undefined) putNumberProperty(writer, Property.METER, 4, action.meter, "controller.meter");
  end(writer, start);
}

export function readController(reader: Reader): Action {
  const action: Controller = { type: "controller" };
  setParts(action, reader.u16(), reader.u16(), reader.u8());
  reader.skip(1);
  return action;
}

function setParts(action: Controller, maxLength: number, id: number, reason: number): void {
  if (maxLength !== 0xffff) action.maxLength = maxLength;
  if (id !== 0) action.id = id;
  if (reason !== ACTION_REASON) action.reason = reason;
}

/** Undefined: it has a property that we do not know. */
export function readController2(reader: Reader): Action | undefined {
  reader.skip(6);
  const action: Controller = { type: "controller" };
  let known = true;
  readProperties(reader, "property", (type, body) => {
    if (type === Property.MAX_LENGTH) action.maxLength = body.u16();
    else if (type === Property.ID) action.id = body.u16();
    else if (type === Property.REASON) action.reason = body.u8();
    else if (type === Property.USERDATA) action.userdata = body.rest();
    else if (type === Property.PAUSE) action.pause = true;
    else if (type === Property.METER) action.meter = body.u32();
    else known = false;
  });
  return known ? action : undefined;
}
