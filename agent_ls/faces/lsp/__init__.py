"""The Language Server face: the only room that knows pygls and lsprotocol."""
