// SPDX-License-Identifier: Apache-2.0
// What LuCI's dispatcher makes of the app's menu file: the tree, and the page around a view.
import { readFileSync } from "node:fs";
import type { UbusClient } from "ubus-ts";

/** SCRIPT_NAME of OpenWrt's default. */
export const BASE = "/cgi-bin/luci";
export const APP = "openwrt/luci-app-securebox";

interface Spec { title: string; order?: number; action: { type: string; path?: string }; depends?: { acl?: string[] } }
interface Node extends Partial<Spec> { satisfied: boolean; readonly?: boolean; children?: Record<string, Node> }

const menu = (): Record<string, Spec> => JSON.parse(readFileSync(`${APP}/root/usr/share/luci/menu.d/luci-app-securebox.json`, "utf8")) as Record<string, Spec>;

export function menuTree(): Node {
  const root: Node = { satisfied: true };
  const all: Record<string, Partial<Spec>> = { admin: { title: "Administration", action: { type: "firstchild" } }, "admin/services": { title: "Services", order: 40, action: { type: "firstchild" } }, ...menu() };
  for (const [path, spec] of Object.entries(all)) {
    let node = root;
    for (const name of path.split("/")) node = (node.children ??= {})[name] ??= { satisfied: true };
    Object.assign(node, spec);
  }
  return root;
}

/** undefined: there is no such page, or the session lacks the access group that it, or a node above it, depends on. */
export async function pageFor(bus: UbusClient, path: string, session: string, themed: boolean): Promise<string | undefined> {
  const specs = menu();
  const spec = specs[path];
  if (spec?.action.type !== "view") return undefined;
  const above = Object.keys(specs).filter((each) => path === each || path.startsWith(`${each}/`));
  const groups = above.flatMap((each) => specs[each]!.depends?.acl ?? []);
  const may = async (kind: string): Promise<boolean> => (await Promise.all(groups.map((group) => bus.call("session", "access", { ubus_rpc_session: session, scope: "access-group", object: group, function: kind }).then(({ access }) => access === true, () => false)))).every(Boolean);
  if (!(await may("read"))) return undefined;
  return html(path.split("/"), { ...spec, satisfied: true, readonly: !(await may("write")) }, session, themed);
}

function html(path: string[], node: Node, session: string, themed: boolean): string {
  const resource = "/luci-static/resources";
  const env = {
    media: "/luci-static/bootstrap", resource, scriptname: BASE, pathinfo: `/${path.join("/")}`, documentroot: "/www", requestpath: path, dispatchpath: path, pollinterval: 5, ubuspath: "/ubus/",
    sessionid: session, token: "0", nodespec: node, apply_rollback: 90, apply_holdoff: 1, apply_timeout: 5, apply_display: 1,
  };
  const theme = themed ? `<link rel="stylesheet" href="${env.media}/cascade.css"><link rel="stylesheet" media="only screen and (max-device-width: 854px)" href="${env.media}/mobile.css"><script>document.documentElement.setAttribute("data-darkmode", matchMedia("(prefers-color-scheme: dark)").matches);</script>` : "";
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>router | ${node.title}</title><meta name="viewport" content="width=device-width, initial-scale=1">${theme}
<script src="${BASE}/admin/translations/en"></script><script src="${resource}/cbi.js"></script></head>
<body class="lang_en"><header><a class="brand" href="/">router</a><ul class="nav" id="topmenu" style="display:none"></ul><div id="indicators" class="pull-right"></div></header>
<div id="maincontent" class="container"><div id="tabmenu" style="display:none"></div>
<script src="${resource}/luci.js"></script><script>L = new LuCI(${JSON.stringify(env).replaceAll("/", "\\/")});</script>
<div id="view"><div class="spinning">Loading view…</div><script>L.require('ui').then(function(ui) { ui.instantiateView('${node.action!.path}'); });</script></div>
</div><footer><ul class="breadcrumb pull-right" id="modemenu" style="display:none"></ul></footer>${themed ? "<script>L.require('menu-bootstrap')</script>" : ""}</body></html>`;
}
