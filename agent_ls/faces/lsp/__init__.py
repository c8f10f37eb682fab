"""The Language Server face.

The edge, from the wire inwards, each room knowing only those before it::

    json_values  rpc       JSON narrowed by looking · messages and error codes as values
    framing                bytes ↔ messages, and the way back into step
    transport  tcp  watch  who reads and writes · one client over TCP · leaving in time
    lifecycle  shapes      what may be asked when · are the params what the method takes
    rope  convert  uris    text as a cheap immutable value · LSP places ↔ bytes · paths
    history  documents     what was typed since version n · the open documents
    registry               handlers by method: ``feature``, ``notification``, ``command``
    dispatch  client       requests to handlers, each answered once · requests to the client
    capabilities  context  the ``initialize`` answer from plain data · what features are given
    session  server        one client's messages in order · the process around it

Architecture invariant: nothing here imports pygls or lsprotocol. ``initialize`` is answered
before any feature is imported, and each duty that pygls would have had left is one that it
gets wrong (the tests run every such case against both). lsprotocol is the tests' oracle.

Architecture invariant: handlers run on the loop, take validated JSON objects and return
JSON. Text is bytes from here downwards; only ``convert`` knows line and character.
"""
