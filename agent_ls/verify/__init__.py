"""Does it hold: a scratch tree, a sandbox, the project's checks."""
