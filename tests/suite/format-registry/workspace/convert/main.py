"""python3 -m convert.main FORMAT: reads a JSON list of flat objects from stdin, writes it in that format."""

import csv
import io
import json
import sys
from xml.sax.saxutils import escape


def convert(rows, kind):
    if kind == "csv":
        if not rows:
            return ""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()
    elif kind == "json":
        return json.dumps(rows, indent=2) + "\n"
    elif kind == "lines":
        return "".join(json.dumps(row) + "\n" for row in rows)
    elif kind == "xml":
        parts = ["<rows>"]
        for row in rows:
            parts.append("<row>" + "".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in row.items()) + "</row>")
        return "\n".join([*parts, "</rows>"]) + "\n"
    elif kind == "markdown":
        if not rows:
            return ""
        lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
        lines += ["| " + " | ".join(str(v) for v in row.values()) + " |" for row in rows]
        return "\n".join(lines) + "\n"
    else:
        raise SystemExit(f"unknown format: {kind}")


def main(argv):
    if len(argv) != 1:
        raise SystemExit("usage: convert FORMAT")
    sys.stdout.write(convert(json.load(sys.stdin), argv[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
