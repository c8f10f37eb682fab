"""Who asks: editors over LSP, people over the command line."""
