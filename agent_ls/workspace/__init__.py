"""The outside world, read-only: disk, open documents, child processes."""
