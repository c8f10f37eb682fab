"""The tools of the agent, one room per family."""
