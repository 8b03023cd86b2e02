// SPDX-License-Identifier: Apache-2.0
/*
 * The policy editor and the view of differences, CodeMirror in a shadow root: there it adopts constructed style sheets (style-mod, StyleSet) instead of
 * writing <style> elements, so that the content security policy needs no exception. Loaded when a page first needs it.
 */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { yaml } from "@codemirror/lang-yaml";
import { forceLinting, lintGutter, lintKeymap, linter, type Diagnostic } from "@codemirror/lint";
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { parsePolicy, type PolicyResult } from "@securebox/contract";
import { diagnosticsOf } from "./diagnostics.ts";
import { theme } from "./theme.ts";

export type { PolicyResult };

export interface Editor {
  setText(text: string): void;
  goTo(line: number, column: number): void;
  focus(): void;
  destroy(): void;
}

export interface EditorOptions {
  /** Whose policy it is: a text for another network is refused. */
  network: string;
  text: string;
  readOnly: boolean;
  changed(text: string): void;
  /** After each check; the first comes soon after the start. */
  checked(result: PolicyResult): void;
  /** Ctrl+Enter. */
  run(): void;
}

/** From the last key to the check. Milliseconds. */
const PAUSE = 250;

export function createEditor(host: HTMLElement, options: EditorOptions): Editor {
  const check = ({ state }: EditorView): Diagnostic[] => {
    const result = parseFor(options.network, state.doc.toString());
    options.checked(result);
    return diagnosticsOf(result, state);
  };
  const view = open(host, options.text, [
    lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), history(), indentOnInput(), bracketMatching(), drawSelection(),
    keymap.of([{ key: "Mod-Enter", run: () => (options.run(), true) }, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
    linter(check, { delay: PAUSE }), lintGutter(), replaceSelected,
    EditorState.readOnly.of(options.readOnly),
    EditorView.updateListener.of((update) => { if (update.docChanged) options.changed(update.state.doc.toString()); }),
    EditorView.contentAttributes.of({ "aria-label": `Policy of ${options.network}, YAML` }),
  ]);
  forceLinting(view);
  return {
    setText: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    goTo: (line, column) => goTo(view, line, column),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

/** Left to itself, Chromium merges the lines under a selection that is typed over with style attributes of its own, which the content security policy forbids. */
const replaceSelected = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || event.data === null || event.isComposing || view.state.readOnly || view.state.selection.main.empty) return false;
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

/** As the backend judges it (parseFor in backend/src/fleet/policies.ts). */
function parseFor(network: string, text: string): PolicyResult {
  const result = parsePolicy(text);
  if (!result.ok || result.policy.network === network) return result;
  const lines = text.split("\n");
  const line = lines.findIndex((row) => /^\s*"?network"?\s*:/.test(row));
  const column = line < 0 ? 1 : lines[line]!.indexOf(":") + 3;
  const problem = { line: line + 1, column, field: "network", message: `"${result.policy.network}" is another network`, expected: `"${network}"`, suggestion: network };
  return { ok: false, source: result.source, problems: [problem], omitted: 0 };
}

/** Shows `after` with what differs from `before`; long equal stretches are folded. */
export function createDifference(host: HTMLElement, label: string, before: string, after: string): { destroy(): void } {
  return open(host, after, [
    lineNumbers(), EditorState.readOnly.of(true), EditorView.editable.of(false),
    unifiedMergeView({ original: before, mergeControls: false, gutter: true, highlightChanges: true, collapseUnchanged: { margin: 3, minSize: 6 } }),
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-multiline": "true" }),
  ]);
}

function open(host: HTMLElement, text: string, extensions: Extension): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  root.replaceChildren();
  return new EditorView({ parent: root, root, state: EditorState.create({ doc: text, extensions: [extensions, yaml(), theme, EditorView.lineWrapping] }) });
}

function goTo(view: EditorView, line: number, column: number): void {
  const { doc } = view.state;
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const position = Math.min(at.from + Math.max(column, 1) - 1, at.to);
  view.dispatch({ selection: { anchor: position }, effects: EditorView.scrollIntoView(position, { y: "center" }) });
  view.focus();
}
