"""Search terms of a text: the words of its names, without those that say nothing."""

from __future__ import annotations

import re
from functools import lru_cache

from agent_ls.index.names import words_of

NAME = re.compile(r"[A-Za-z_$\x80-\U0010ffff][\w$]*")
_NO_TERMS = """
the an and or of to in is it for on with as by be this that from at are not if we can should would will
when was has have do does did but so which into than then there been no its also only use used using fix
add remove change make update instead more some all any
"""
_STOP = frozenset(_NO_TERMS.split())


def terms_of(text: str) -> list[str]:
    """Search terms of a text: the words of its names, and names of several words as a whole."""
    found: list[str] = []
    for name in NAME.findall(text):
        found += name_terms(name)
    return found


@lru_cache(maxsize=50_000)
def name_terms(name: str) -> tuple[str, ...]:
    """Search terms of one name: ``getItem`` gives get, item, getitem."""
    words = words_of(name)
    whole = (name.lower(),) if len(words) > 1 else ()
    return (*(word for word in words if word not in _STOP), *whole)
