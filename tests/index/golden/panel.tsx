import React, { useState } from "react";
import { Row } from "./row";

type Props = { title: string; rows: number[] };

export function Panel({ title, rows }: Props): JSX.Element {
  const [open, setOpen] = useState<boolean>(true);
  return (
    <section onClick={() => setOpen(!open)}>
      {/* agent: show the number of rows */}
      <h2>{title} don't // agent: not a comment</h2>
      {rows.map((row) => <Row key={row} value={row} />)}
    </section>
  );
}
