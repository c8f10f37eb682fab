"""The framer: everything a client may do to a stream, and the way back into step."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_ls.faces.lsp.framing import INVALID_REQUEST, PARSE_ERROR, Broken, Framer, Message, encode

GOOD = {"jsonrpc": "2.0", "id": 7, "method": "m"}
BODY = json.dumps(GOOD).encode()


def frame(body: bytes = BODY, length: object = None) -> bytes:
    return b"Content-Length: %s\r\n\r\n%s" % (str(len(body) if length is None else length).encode(), body)


def feed(data: bytes, size: int = 0, limit: int = 10_000) -> list[Any]:
    """Message values and error codes, in order; ``size`` cuts the stream into pieces."""
    framer, found = Framer(limit), []
    for at in range(0, len(data), size or len(data)):
        found += framer.feed(data[at : at + (size or len(data))])
    return [f.value if isinstance(f, Message) else f.code for f in found]


@pytest.mark.parametrize("size", [0, 1, 7])
@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: %d\r\n\r\n",
        b"content-length:%d\r\n\r\n",
        b"CONTENT-LENGTH  :\t %d  \r\n\r\n",
        b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc\r\nContent-Length: %d\r\n\r\n",
        b"X-Other: yes\r\nContent-Length: %d\r\n\r\n",
        b"\r\n\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\n\n",
    ],
)
def test_headers_in_every_dress(header: bytes, size: int) -> None:
    assert feed((header % len(BODY) + BODY) * 2, size) == [GOOD, GOOD]


@pytest.mark.parametrize("size", [0, 1, 7])
@pytest.mark.parametrize(
    "bad",
    [
        b"garbage\r\n\r\n",
        b"garbage",
        frame(length="abc"),
        frame(length=-5),
        frame(length=""),
        frame(length=3),
        frame(length=len(BODY) + 1),
        frame(length=len(BODY) + 9),
        frame(length=len(BODY) + 20),
        frame(length=len(BODY) + 25),
        frame(length=9_999),
        frame(length=0),
        frame(length="9" * 30),
        frame(b"{not json}"),
        frame(b'{"jsonrpc": "2.0", "id": NaN}'),
        frame(b"\xff\xfe{}"),
        frame(b"[" * 5000),
        frame(b'{"id": %s}' % (b"1" * 5000)),
        b"\x00" * 300,
    ],
)
def test_one_bad_frame_costs_one_error_and_the_next_message_is_heard(bad: bytes, size: int) -> None:
    assert feed(frame() + bad + frame() + frame(), size) == [GOOD, PARSE_ERROR, GOOD, GOOD]


@pytest.mark.parametrize("size", [0, 1, 7])
def test_a_message_over_the_limit_is_refused_and_skipped(size: int) -> None:
    big = frame(b'{"a": "%s"}' % (b"x" * 800))
    assert feed(big + frame(), size, limit=500) == [INVALID_REQUEST, GOOD]


@pytest.mark.parametrize("size", [0, 1, 7])
def test_an_absurd_length_does_not_swallow_what_follows(size: int) -> None:
    assert feed(frame(length=10**17) + frame(), size) == [INVALID_REQUEST, GOOD]


@pytest.mark.parametrize(("body", "code"), [(b"[%s]" % BODY, INVALID_REQUEST), (b"42", INVALID_REQUEST)])
def test_what_is_no_object_is_refused(body: bytes, code: int) -> None:
    assert feed(frame(body) + frame()) == [code, GOOD]


def test_endless_junk_is_not_kept() -> None:
    framer = Framer()
    complaints = [f for _ in range(100) for f in framer.feed(b"x" * 10_000)]
    assert [type(f) for f in complaints] == [Broken]
    assert len(framer._buffer) < 1_000


def test_a_document_that_speaks_of_headers_is_only_a_document() -> None:
    message = {"jsonrpc": "2.0", "method": "m", "params": {"text": "Content-Length: 5\r\n\r\nhello"}}
    pretty = json.dumps(message, indent=2).replace("\n", "\r\n").encode()
    assert feed(frame(pretty) + frame()) == [message, GOOD]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=4), st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_what_is_encoded_comes_back_in_any_pieces(messages: list[dict[str, Any]], size: int) -> None:
    assert feed(b"".join(map(encode, messages)), size) == messages


@given(
    st.lists(st.binary(max_size=40) | st.just(b"Content-Length: 5\r\n\r\n"), max_size=6), st.integers(1, 50)
)
@settings(max_examples=300, deadline=None)
def test_after_any_noise_it_hears_again(noise: list[bytes], size: int) -> None:
    # Two messages, since noise may end in a header that claims some bytes of the first.
    assert GOOD in feed(b"".join(noise) + frame() + frame(), size)


def test_lone_surrogates_pass_both_ways() -> None:
    message = {"text": "\ud83d"}
    assert feed(encode(message)) == [message]
