"""Takes back what an attempt did beside the part of a plan that it was to do anew."""

from __future__ import annotations

from agent_ls.agent.ground import Ground
from agent_ls.core.rework import confined
from agent_ls.workspace.overlay import Overlay


def confine(ground: Ground) -> tuple[str, ...]:
    """Make the draft the plan it began as, but for the parts of ``intent.rework``; notes on what was left out.

    Nothing happens to an attempt that has the whole task.
    """
    parts = ground.request.intent.rework
    if not parts:
        return ()
    made = ground.draft
    planned = Overlay.restore(ground.snapshot, ground.blobs, ground.request.plan)
    left_out: list[str] = []
    for path in sorted(made.changes().paths | planned.changes().paths):
        before, after = planned.read(path), made.read(path)
        own = [part for part in parts if part.path == path]
        if before == after:
            continue
        if not own or before is None or after is None:
            left_out.append(path)
            continue
        text, others = confined(before, after, own)
        planned.write(path, text)
        if others:
            left_out.append(path)
    made.adopt(planned)
    return (f"left out, because only a part was to be done anew: {', '.join(left_out)}",) if left_out else ()
