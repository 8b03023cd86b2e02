// SPDX-License-Identifier: Apache-2.0
// Printing and casting across isolation, by real programs: Avahi, a media renderer and a port mapper (UPnP), their clients. On an access point of our own, and
// among access points that only isolate. Who may ask finds, and connects; who may not finds nothing and hears nothing.
import type { ChildProcess } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DeviceResult } from "../../src/gateway/control/protocol.ts";
import { setup } from "../../tools/setup/index.ts";
import { MAPPER_PORT } from "../lab/avahi-text.ts";
import { Avahi, type Browser } from "../lab/avahi.ts";
import { sleep, telling, until } from "../lab/command.ts";
import { Gateway } from "../lab/gateway.ts";
import { type Datagram, isResponse, mdnsQuestion, Overheard, ssdpSearch, textOf } from "../lab/overheard.ts";
import { ControlPoint, findMapper, RENDERER, RENDERER_PORT, startMapper, startRenderer } from "../lab/ssdp.ts";
import type { Station } from "../lab/station.ts";
import { ThinEdge } from "../lab/thin-edge.ts";
import { Topology } from "../lab/topology.ts";
import { network } from "../lab/uplink.ts";

/** `asker` and `other` may ask `printer` and `media`; `outsider` may not. All five are stations of their own. */
interface Cast { asker: Station; other: Station; printer: Station; media: Station; outsider: Station }

interface Context {
  net: Topology | ThinEdge;
  gateway: Gateway;
  cast: Cast;
  avahi: Record<"asker" | "printer" | "outsider", Avahi>;
  open: Browser;
  closed: Browser;
  /** What each station has heard since the beginning. */
  ears: Record<keyof Cast, Overheard>;
  listening: ControlPoint;
  renderer: ChildProcess;
}

const NETWORKS = {
  "intelligent edge": async () => {
    const net = await Topology.create({ mode: "isolating" });
    const { laptop, cable, printer, camera, mallory } = net.stations;
    return { net, cast: { asker: laptop, other: cable, printer, media: camera, outsider: mallory } };
  },
  "thin edge": async () => {
    const net = await ThinEdge.create();
    const { tablet, laptop, printer, speaker, thief } = net.stations;
    return { net, cast: { asker: tablet, other: laptop, printer, media: speaker, outsider: thief } };
  },
} satisfies Record<string, () => Promise<{ net: Topology | ThinEdge; cast: Cast }>>;

function policy({ asker, other, printer, media }: Cast): string {
  const group = (...stations: Station[]): string => `[ ${stations.map(({ plan }) => `{ mac: "${plan.mac}" }`).join(", ")} ]`;
  return `network: lab
groups:
  people: ${group(asker, other)}
  things: ${group(printer, media)}
rules:
  - { from: people, to: things, allow: [tcp/631, tcp/${RENDERER_PORT}, tcp/${MAPPER_PORT}, mdns, ssdp] }
`;
}

const available = ({ media }: Cast): string => `available uuid:Cinema::${RENDERER} http://${media.ipv4}:${RENDERER_PORT}/description.xml`;
const HEARD_WITHIN = 10_000;
const QUIET = 1500;

for (const [kind, create] of Object.entries(NETWORKS)) {
  const test = suite<Context>(`discovery: ${kind}`);

  test.before(telling(async (context) => {
    await setup({ parts: ["packages", "openvswitch", "quickjs", "securebox", "lab"] });
    const { net, cast } = await create();
    Object.assign(context, { net, cast });
    context.gateway = await Gateway.start(net, "quickjs", policy(cast));
    await Promise.all(Object.values(cast).map((station) => station.online()));
    const entries = await Promise.all((Object.keys(cast) as (keyof Cast)[]).map(async (name) => [name, new Overheard(await cast[name].frames())] as const));
    context.ears = Object.fromEntries(entries) as Context["ears"];
    const start = (name: "asker" | "printer" | "outsider"): Promise<Avahi> => Avahi.start(net.lab, cast[name].namespace, name, "net0");
    const [asker, printer, outsider] = await Promise.all([start("asker"), start("printer"), start("outsider"), startMapper(net.lab, cast.media.namespace)]);
    context.avahi = { asker, printer, outsider };
    await cast.printer.agent.call("serve", { protocol: "tcp", port: 631 });
    context.open = asker.browse("_ipp._tcp");
    context.closed = outsider.browse("_ipp._tcp");
  }));
  test.after(async ({ net }) => net?.close());

  test("mDNS: who may ask browses, resolves by IPv4 and IPv6, and prints; who may not finds nothing", async ({ cast, avahi, open, closed }) => {
    await avahi.printer.publish("Printer", "_ipp._tcp", 631);
    await until("the printer in the browser", HEARD_WITHIN, () => open.families("Printer").length === 2);
    for (const { host, address, port, family } of open.found) {
      assert.equal([host, address, port], ["printer.local", cast.printer.address(family), 631]);
      await cast.asker.agent.call("exchange", { protocol: "tcp", address, port, deadline: 3000 });
    }
    for (const family of [4, 6] as const) assert.is(await avahi.asker.resolve("printer.local", family), cast.printer.address(family));
    const fresh = avahi.outsider.browse("_ipp._tcp");
    await sleep(QUIET);
    assert.equal([closed.events, fresh.events], [[], []]);
    fresh.close();
  });

  test("mDNS: a new printer is heard without asking; it says goodbye", async ({ cast, avahi, open, ears }) => {
    const process = await avahi.printer.publish("Label", "_ipp._tcp", 632);
    await until("the announcement", HEARD_WITHIN, () => open.families("Label").length === 2);
    // This one runs nothing that asks.
    const told = (): Datagram[] => ears.other.carrying("Label").filter(isResponse);
    await until("the announcement at another, by both families", HEARD_WITHIN, () => new Set(told().map(({ source }) => source.includes("."))).size === 2);
    assert.equal(told().filter(({ to }) => to !== cast.other.mac), []);
    process.kill("SIGTERM");
    await until("the goodbye", HEARD_WITHIN, () => open.families("Label").length === 0);
    assert.equal(open.families("Printer"), [4, 6]);
  });

  test("SSDP: a renderer is heard without asking, found by asking, and described; who may not hears nothing", async (context) => {
    const { net, cast, ears } = context;
    context.listening = new ControlPoint(net.lab, cast.asker.namespace, RENDERER);
    const outside = new ControlPoint(net.lab, cast.outsider.namespace, "ssdp:all");
    context.renderer = await startRenderer(net.lab, cast.media.namespace, "Cinema");
    await until("the renderer", HEARD_WITHIN, () => context.listening.events.includes(available(cast)));
    await until("its NOTIFY at one that did not ask", HEARD_WITHIN, () => ears.other.carrying("NTS: ssdp:alive").some(({ payload }) => textOf(payload).includes("Cinema")));
    const late = new ControlPoint(net.lab, cast.other.namespace, RENDERER);
    await until("the renderer, asked for", HEARD_WITHIN, () => late.events.includes(available(cast)));
    await until("an answer by unicast to the question's port", HEARD_WITHIN, () => ears.other.carrying("HTTP/1.1 200 OK").some(({ port, to }) => port !== 1900 && to === cast.other.mac));
    const description = await cast.other.agent.call("get", { address: cast.media.ipv4, port: RENDERER_PORT, path: "/description.xml", deadline: 3000 });
    assert.match(description, "<friendlyName>Cinema</friendlyName>");
    assert.equal(outside.events, []);
    for (const each of [late, outside]) each.close();
  });

  test("SSDP by IPv4 and IPv6: a one-shot search finds the device and fetches its description", async ({ cast }) => {
    const search = (station: Station): Promise<(string | undefined)[]> => Promise.all(([4, 6] as const).map((family) => findMapper(station.namespace, family)));
    const [[found4, found6], foreign] = await Promise.all([search(cast.asker), search(cast.outsider)]);
    assert.is(found4, `http://${cast.media.ipv4}:${MAPPER_PORT}/rootDesc.xml`);
    assert.match(found6 ?? "nothing", /^http:\/\/\[.*\]:5555\/rootDesc.xml$/);
    assert.equal(foreign, [undefined, undefined]);
  });

  if (kind === "intelligent edge") {
    test("mDNS: what the asker knows is not answered again, what it does not know is; a legacy question is answered to its port", async ({ cast, ears }) => {
      for (const family of [4, 6] as const) {
        const [from, sender] = [{ mac: cast.other.mac, address: cast.other.address(family) }, await cast.other.frames()];
        const answered = async (known: string[]): Promise<boolean> => {
          const since = ears.other.heard.length;
          await sender.send(mdnsQuestion(from, "_ipp._tcp", known));
          await sleep(1100); // a responder multicasts no record twice in a second (RFC 6762 section 6)
          return ears.other.heard.slice(since).some((one) => isResponse(one) && textOf(one.payload).includes("Printer"));
        };
        await until("no answer with what is known", 5000, async () => !(await answered(["Printer"])));
        await until(`an answer by IPv${family}`, 5000, () => answered([]));
        await sender.send(mdnsQuestion({ ...from, port: 40_000 + family }, "_ipp._tcp"));
        const legacy = await until("an answer to a legacy question", 3000, () => ears.other.heard.find(({ port }) => port === 40_000 + family));
        assert.equal([legacy.sourcePort, legacy.to], [5353, cast.other.mac]);
      }
    });

    test("whoever floods is bounded, is not answered beyond that, and harms nobody; it is served again at once", async ({ net, cast, ears }) => {
      const { asker, other } = cast;
      const [count, rate] = [1000, 500];
      const [questions, answers] = [ears.media.heard.length, ears.asker.heard.length];
      const from = { mac: asker.mac, address: asker.ipv4, port: 30_000 };
      const started = performance.now();
      const flooding = (await asker.frames()).flood(ssdpSearch(from, "ssdp:all"), count, rate);
      const meanwhile = new ControlPoint(net.lab, other.namespace, RENDERER);
      await until("another asker, meanwhile", HEARD_WITHIN, () => meanwhile.events.includes(available(cast)));
      await flooding;
      const seconds = (performance.now() - started) / 1000;
      await sleep(500);
      const searched = ears.media.heard.slice(questions).filter(({ sourcePort, source }) => source === asker.ipv4 && sourcePort === from.port).length;
      const answered = ears.asker.heard.slice(answers).filter(({ port }) => port === from.port).length;
      process.stdout.write(`${count} questions in ${seconds.toFixed(1)} s: ${searched} passed, ${answered} answers\n`);
      // One second more each: the datapath's clock is not ours.
      assert.ok(searched >= 30 && searched <= 60 + 5 * (seconds + 1), `${searched} of ${count} questions in ${seconds} s`);
      assert.ok(answered > 0 && answered <= 300 + 100 * (seconds + 1.5), `${answered} answers in ${seconds} s`);
      const again = new ControlPoint(net.lab, asker.namespace, RENDERER);
      await until("the one that flooded is served", HEARD_WITHIN, () => again.events.includes(available(cast)));
      for (const each of [meanwhile, again]) each.close();
    });
  }

  test("SSDP: the renderer says goodbye", async ({ listening, renderer }) => {
    renderer.kill("SIGTERM");
    await until("the goodbye", HEARD_WITHIN, () => listening.events.includes(`unavailable uuid:Cinema::${RENDERER}`));
  });

  test("the gateway knows by what name each calls itself, the outsider too, and takes it for nobody's", async ({ cast, gateway }) => {
    const devices = await gateway.json<{ devices: DeviceResult[] }>("devices");
    const announced = Object.fromEntries(devices.devices.map((device) => [device.mac, device.announced?.name]));
    for (const name of ["asker", "printer", "outsider"] as const) assert.is(announced[cast[name].plan.mac], name);
    assert.is(announced[cast.other.plan.mac], undefined);
    assert.not((await gateway.cli("quarantine", "outsider")).code === 0);
  });

  test("nobody heard a group frame of another, nor the outsider anything of discovery, nor anybody the outsider", async ({ cast, ears }) => {
    // By their own MACs, or the router's, which is the virtual one: a Linux bridge asks for groups by its own.
    const theirs = [network.routerMac, ...Object.values(cast).map(({ mac }) => mac)].map((mac) => mac.replaceAll(":", ""));
    for (const [name, { groupFrames, heard }] of Object.entries(ears)) {
      assert.equal(groupFrames.filter((frame) => theirs.includes(frame.slice(12, 24))), [], name);
      assert.equal(heard.filter(({ source }) => source === cast.outsider.ipv4), [], `${name} heard the outsider`);
    }
    assert.equal(ears.outsider.heard, []);
    assert.ok(ears.printer.heard.length > 0 && ears.asker.heard.length > 0);
  });

  test.run();
}
