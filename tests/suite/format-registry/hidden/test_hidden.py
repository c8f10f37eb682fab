import json
import pathlib
import subprocess
import sys
import unittest
from html.parser import HTMLParser

ROWS = [{"a": 1, "b": "x<y"}, {"a": 2, "c": "p|q"}]

def run(*words, rows=ROWS):
    done = subprocess.run([sys.executable, "-m", "convert.main", *words], input=json.dumps(rows), capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr

class Formats(unittest.TestCase):
    def test_as_before(self):
        same = [{"a": 1, "b": "x"}, {"a": 2, "b": "y & z"}]
        for kind, text in (("csv", "a,b\n1,x\n2,y & z\n"), ("json", json.dumps(same, indent=2) + "\n"),
                           ("lines", "".join(json.dumps(r) + "\n" for r in same)),
                           ("xml", "<rows>\n<row><a>1</a><b>x</b></row>\n<row><a>2</a><b>y &amp; z</b></row>\n</rows>\n"),
                           ("markdown", "| a | b |\n|---|---|\n| 1 | x |\n| 2 | y & z |\n")):
            self.assertEqual(run(kind, rows=same), (0, text, ""), kind)
        for kind in ("csv", "markdown"):
            self.assertEqual(run(kind, rows=[])[:2], (0, ""))

    def test_uneven_rows(self):
        self.assertEqual(run("csv")[1], "a,b,c\n1,x<y,\n2,,p|q\n")
        self.assertEqual(run("markdown")[1].splitlines()[0], "| a | b | c |")
        self.assertIn("p\\|q", run("markdown")[1])
        self.assertEqual(len(run("markdown")[1].splitlines()), 4)

    def test_html(self):
        seen = []
        class Table(HTMLParser):
            def handle_starttag(self, tag, attrs):
                seen.append(tag)
            def handle_data(self, data):
                seen.extend([data.strip()] if data.strip() else [])
        text = run("html")[1]
        Table().feed(text)
        seen = [s for s in seen if s not in ("thead", "tbody")]
        self.assertEqual(seen, ["table", "tr", "th", "a", "th", "b", "th", "c", "tr", "td", "1", "td", "x<y", "td", "tr", "td", "2", "td", "td", "p|q"])
        self.assertIn("x&lt;y", text)
        self.assertEqual(sum("<tr" in line for line in text.splitlines()), 3)

    def test_unknown_and_list(self):
        code, out, err = run("pdf")
        self.assertNotEqual(code, 0)
        self.assertIn("pdf", err)
        self.assertIn("csv, html, json, lines, markdown, xml", err)
        code, out, _ = run("--list")
        self.assertEqual([line.split(":")[0] for line in out.splitlines()], ["csv", "html", "json", "lines", "markdown", "xml"])
        self.assertTrue(all(len(line.split(":", 1)[1].strip()) > 2 for line in out.splitlines()))

    def test_registry(self):
        from convert import main, registry
        self.assertEqual(main.convert([], "json"), "[]\n")
        self.assertEqual(registry.FORMATS["csv"].name, "csv")
        with self.assertRaises(ValueError):
            registry.format("csv", "again")(lambda rows: "")
        with self.assertRaises(SystemExit):
            main.convert([], "nothing")

    def test_one_that_is_dropped_in(self):
        path = pathlib.Path("convert/formats/dropped_in.py")
        path.write_text("from convert.registry import format\n\n\n@format('shout', 'Loud')\ndef write(rows):\n    return str(len(rows)) + '!'\n")
        try:
            self.assertEqual(run("shout"), (0, "2!", ""))
            self.assertIn("shout: Loud", run("--list")[1])
        finally:
            path.unlink()

    def test_main_is_small_and_the_readme_tells(self):
        self.assertNotIn("markdown", pathlib.Path("convert/main.py").read_text())
        text = pathlib.Path("README.md").read_text()
        for word in ("csv", "html", "markdown", "convert/formats", "registry"):
            self.assertIn(word, text)
