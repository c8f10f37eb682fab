"""THE door to child processes: a program to its end (`run`), or a Python worker (`Worker`).

Every child gets an empty or own stdin (never ours: that is the wire), its own session, an
explicit folder and environment, and is gone with everything in its group when we say so.
"""

from agent_ls.workspace.process.find import find_program
from agent_ls.workspace.process.run import Finished, run
from agent_ls.workspace.process.worker import Worker, worker_pipes

__all__ = ["Finished", "Worker", "find_program", "run", "worker_pipes"]
