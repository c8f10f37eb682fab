"""How it thinks: runs in the agent worker process; value in, events and a ChangeSet out."""
