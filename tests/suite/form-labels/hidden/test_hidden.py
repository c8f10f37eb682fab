import pathlib
import unittest
from html.parser import HTMLParser

class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.stack = [], {}, []
    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.stack.append((tag, dict(attrs)))
    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass
    def handle_data(self, data):
        for tag, attrs in self.stack:
            key = (tag, attrs.get("for", ""))
            self.texts[key] = self.texts.get(key, "") + data.strip()

class Signup(unittest.TestCase):
    def setUp(self):
        self.page = Page()
        self.page.feed(pathlib.Path("signup.html").read_text())

    def all(self, tag):
        return [attrs for name, attrs in self.page.tags if name == tag]

    def test_page(self):
        self.assertTrue(self.all("html")[0].get("lang", "").startswith("en"))
        self.assertTrue(self.page.texts.get(("title", "")))
        self.assertTrue(all(image.get("alt") for image in self.all("img")))

    def test_inputs(self):
        inputs = self.all("input")
        self.assertEqual([i["name"] for i in inputs], ["name", "email", "news"])
        self.assertEqual([i.get("type", "text") for i in inputs], ["text", "email", "checkbox"])
        self.assertEqual(len({i["id"] for i in inputs}), 3)
        for i in inputs:
            self.assertTrue(self.page.texts.get(("label", i["id"])), i)
