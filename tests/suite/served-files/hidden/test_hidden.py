import os
import tempfile
import unittest
from server.files import resolve

class Files(unittest.TestCase):
    def setUp(self):
        self.base = os.path.realpath(tempfile.mkdtemp())
        self.public = os.path.join(self.base, "public")
        os.makedirs(os.path.join(self.public, "css"))
        os.makedirs(os.path.join(self.base, "public-not"))
        for name in ("public/index.html", "public/css/a.css", "secret", "public-not/x"):
            with open(os.path.join(self.base, name), "w") as file:
                file.write("x")
        os.symlink(os.path.join(self.base, "secret"), os.path.join(self.public, "link"))

    def test_what_is_public_is_served(self):
        for name in ("index.html", "css/a.css", "css/../index.html"):
            found = resolve(self.public, name)
            self.assertTrue(os.path.samefile(found, os.path.join(self.public, name)))

    def test_the_rest_is_not(self):
        for name in ("../secret", "css/../../secret", os.path.join(self.base, "secret"), "link", "../public-not/x",
                     "css", "", "nothing", "a\0b"):
            self.assertIsNone(resolve(self.public, name), name)
