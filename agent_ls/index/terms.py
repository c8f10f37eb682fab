"""From names as they are written to the words people search by, once per segment of the store."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import chain, repeat

from agent_ls.index.names import words_of
from agent_ls.index.postings import Lists, add_all

_LONGEST_NAME = 200


def by_term(written: Lists) -> Lists:
    """The lists of names as lists of search terms. A file stands in a term's list once per name."""
    found: defaultdict[bytes, list[int]] = defaultdict(list)
    terms = list(map(_terms, written))
    entries = chain.from_iterable(map(repeat, written.values(), map(len, terms)))
    add_all(found, chain.from_iterable(terms), entries)
    return found


@lru_cache(200_000)
def _terms(raw: bytes) -> tuple[bytes, ...]:
    """Search terms of a name: its words, and itself in lower case when they are several."""
    if len(raw) > _LONGEST_NAME or raw[:1].isdigit():
        return ()
    name = raw.decode("utf-8", "replace")
    words = words_of(name)
    terms = dict.fromkeys([*words, name.lower()]) if len(words) > 1 else words
    return tuple(term.encode("utf-8", "replace") for term in terms)
