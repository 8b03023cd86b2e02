// SPDX-License-Identifier: Apache-2.0
// CodeMirror in the colours of style.css: custom properties reach into the shadow root.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--syntax-key)" },
  { tag: [tags.string, tags.content], color: "var(--syntax-text)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.squareBracket, tags.brace], color: "var(--muted)" },
  { tag: [tags.keyword, tags.meta, tags.typeName], color: "var(--syntax-word)" },
]);

const wavy = (colour: string) => ({ backgroundImage: "none", textDecoration: `underline wavy var(${colour})`, textDecorationSkipInk: "none", textUnderlineOffset: "3px" });
const marker = (colour: string) => ({ content: "''", display: "block", width: "9px", height: "9px", margin: "5px auto", borderRadius: "50%", background: `var(${colour})` });

const look = EditorView.theme({
  "&": { backgroundColor: "var(--surface)", color: "var(--text)", fontSize: "var(--editor-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--line-active)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection) !important" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)" },
  ".cm-lintRange-error": wavy("--bad"), ".cm-lintRange-warning": wavy("--warn"),
  ".cm-lint-marker": { width: "auto", height: "auto" },
  ".cm-lint-marker-error": marker("--bad"), ".cm-lint-marker-warning": marker("--warn"),
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-tooltip": { maxWidth: "min(36rem, 90vw)", borderRadius: "6px", boxShadow: "var(--shadow)", fontFamily: "var(--sans)" },
  ".cm-diagnostic": { padding: "6px 10px" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--bad)" }, ".cm-diagnostic-warning": { borderLeft: "4px solid var(--warn)" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--on-accent)", borderRadius: "4px", padding: "2px 8px", font: "inherit", cursor: "pointer" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "var(--selection)" },
  "&.cm-merge-b .cm-changedLine, .cm-inlineChangedLine, .cm-insertedLine": { backgroundColor: "var(--added)" },
  "&.cm-merge-b .cm-changedText": { background: "var(--added-strong)" },
  ".cm-deletedChunk": { backgroundColor: "var(--removed)", paddingLeft: "6px" },
  ".cm-deletedChunk .cm-deletedText, &.cm-merge-b .cm-deletedText": { background: "var(--removed-strong)" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--good)" }, ".cm-deletedLineGutter": { background: "var(--bad)" },
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: "''" },
  ".cm-collapsedLines": { background: "var(--sunken)", color: "var(--muted)", padding: "4px 12px" },
});

export const theme = [look, syntaxHighlighting(highlight)];
