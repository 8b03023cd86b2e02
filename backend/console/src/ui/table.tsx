// SPDX-License-Identifier: Apache-2.0
// A table that becomes a list of cards on a phone. The roles are named because `display: block` takes them away.
import type { ComponentChildren } from "preact";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** The row's name: its header cell. */
  head?: boolean;
  numeric?: boolean;
  /** Without a visible title. */
  bare?: boolean;
}

export function Table<Row>({ label, columns, rows, id, mark, compact }: { label: string; columns: Column<Row>[]; rows: readonly Row[]; id: (row: Row) => string | number; mark?: (row: Row) => string | undefined; /** On a phone: a line or two for each row instead of a card. */ compact?: boolean }) {
  return (
    <table role="table" aria-label={label} class={compact ? "compact" : undefined}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, numeric, bare }) => <th role="columnheader" scope="col" class={numeric ? "number" : undefined} key={title}>{bare ? <span class="sr-only">{title}</span> : title}</th>)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => <tr role="row" key={id(row)} class={mark?.(row)}>{columns.map((column) => <Cell key={column.title} column={column} row={row} />)}</tr>)}
      </tbody>
    </table>
  );
}

function Cell<Row>({ column: { title, cell, head, numeric, bare }, row }: { column: Column<Row>; row: Row }) {
  const style = `${numeric ? "number" : ""} ${bare ? "bare" : ""}`.trim() || undefined;
  const content = cell(row);
  if (head) return <th role="rowheader" scope="row" class={style}>{content}</th>;
  return <td role="cell" class={style} data-title={bare ? undefined : title}>{content}</td>;
}
