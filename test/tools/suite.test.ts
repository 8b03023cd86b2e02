// SPDX-License-Identifier: Apache-2.0
import { test } from "uvu";
import * as assert from "uvu/assert";
import { firstLine, firstStanza, sourcesFor } from "../../tools/setup/suite.ts";

test("the first stanza in use is taken, comments left out", () => {
  const text = "# Types: deb\nTypes: deb\nURIs: mirror://off\nSuites: x\nEnabled: no\n\n# main\nTypes: deb\nURIs: http://a.example/debian\n# why\nSuites: bookworm\nComponents: main\n";
  assert.is(firstStanza(text), "Types: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main");
});

test("a classic list gives its first archive, not the installer's CD", () => {
  const text = "#deb cdrom:[Debian]/ bookworm main\ndeb cdrom:[Debian]/ bookworm main\ndeb-src http://a.example/debian bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://a.example/debian bookworm main contrib\n";
  assert.is(firstLine(text), "Types: deb\nURIs: http://a.example/debian\nSuites: any\nComponents: main\nSigned-By: /k.gpg");
});

test("no archive, no stanza", () => {
  assert.is(firstLine("# nothing\n"), undefined);
  assert.is(firstStanza("\n\n"), undefined);
});

test("this machine's list gives one for another suite", () => {
  assert.match(sourcesFor("trixie", "deb-src"), /^Types: deb-src$[^]*^Suites: trixie$/m);
});

test.run();
