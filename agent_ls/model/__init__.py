"""Who thinks: the model behind one protocol."""
