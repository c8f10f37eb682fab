import contextlib
import io
import logging
import pathlib
import unittest

class Logs(unittest.TestCase):
    def test_who_says_what_where(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            import app
            app.set_up()
            logging.getLogger("shop").info("quiet")
            logging.getLogger("shop").warning("loud")
            logging.getLogger("shop.payments").debug("paid")
            logging.getLogger("shop.payments.card").error("refused")
        logging.shutdown()
        self.assertEqual(said.getvalue(), "WARNING shop loud\n")
        written = pathlib.Path("payments.log").read_text()
        self.assertEqual(written, "DEBUG shop.payments paid\nERROR shop.payments.card refused\n")
