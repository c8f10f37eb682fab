import re
import unicodedata


def slug(text: str, limit: int = 40) -> str:
    """A text as part of a URL: plain letters, digits and single hyphens, at most `limit` characters.

    It never begins or ends with a hyphen. Raises ValueError where nothing is left.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    made = made[:limit].rstrip("-")
    if not made:
        raise ValueError(f"nothing is left of {text!r}")
    return made
