"""Values and pure functions: standard library only, no I/O, no asyncio, no clock."""
