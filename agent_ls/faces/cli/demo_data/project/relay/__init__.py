"""Sends short messages to a relay and returns its answers."""
