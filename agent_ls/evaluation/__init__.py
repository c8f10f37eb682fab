"""How well it works: suites of tasks, solved, judged by hidden checks, and counted."""
