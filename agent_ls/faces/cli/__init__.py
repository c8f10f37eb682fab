"""The command line face: here agent-ls is its own editor."""
