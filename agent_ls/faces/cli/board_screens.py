"""What lies over the board: a plan to read, a yes to give, a text to type, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, RichLog, Static

from agent_ls.core.job import JobState
from agent_ls.faces.cli.board_text import diff_lines, plain
from agent_ls.jobs.views import JobDetail

KEYS: Final = """\
Enter, d  the plan's diff; there a applies what you have read, x discards, u undoes
r         answer what the job asks (a number chooses)
a         apply            u  undo, later edits stay
x         discard          c  cancel, the work is kept
t         tell the agent   s  resume
n         begin anew, with other words
/         filter by words of title, state, verdict, file; Escape shows all again
j k       down, up         q  leave; jobs of other processes go on

! the plan weakens what it is proven by      & another job changes the same files"""

_BOX: Final = """
    NAME { align: center middle; }
    NAME Vertical {
        width: 78; max-width: 100%; height: auto; max-height: 90%; border: round $primary; padding: 0 1;
    }
    NAME Input { height: 1; border: none; padding: 0; margin: 1 0 0 0; }
"""


@final
class DiffScreen(ModalScreen[str | None]):
    """One plan, over the whole board; gives back ``apply``, ``discard``, ``undo``, or ``None``."""

    CSS = """
    #title { height: 1; text-style: reverse; }
    RichLog { height: 1fr; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,d", "close", "Back", key_display="q"),
        Binding("a", "wish('apply')", "Apply"),
        Binding("x", "wish('discard')", "Discard"),
        Binding("u", "wish('undo')", "Undo"),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("space", "page", "Page down", show=False),
    ]

    def __init__(self, detail: JobDetail) -> None:
        super().__init__()
        self._detail = detail

    def compose(self) -> ComposeResult:
        view = self._detail.view
        yield Static(f"{plain(view.title)} · {len(view.files)} files", id="title", markup=False)
        yield RichLog(auto_scroll=False, wrap=False, min_width=0)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        log = self.query_one(RichLog)
        for line in diff_lines(self._detail):
            log.write(line)
        log.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "wish":
            return True
        state = self._detail.view.state
        landed = state in (JobState.APPLIED, JobState.PARTLY_APPLIED)
        return landed if parameters == ("undo",) else state is not JobState.APPLIED and not state.live

    def action_wish(self, wish: str) -> None:
        self.dismiss(wish)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        self.query_one(RichLog).scroll_relative(y=lines, animate=False)

    def action_page(self) -> None:
        self.query_one(RichLog).scroll_page_down(animate=False)


@final
class ConfirmScreen(ModalScreen[bool]):
    """A question whose answer is yes or no."""

    CSS = _BOX.replace("NAME", "ConfirmScreen")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "yes", "Yes"),
        Binding("n,q,escape", "no", "No"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(f"{self._question}\n\n[y] yes   [n] no", markup=False)

    def action_yes(self) -> None:
        self.dismiss(result=True)

    def action_no(self) -> None:
        self.dismiss(result=False)


@final
class AskScreen(ModalScreen[str | None]):
    """A question whose answer is typed: words, or the number of a choice. ``None``: not answered."""

    CSS = _BOX.replace("NAME", "AskScreen")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]

    def __init__(self, question: str, choices: Sequence[str] = (), default: str = "") -> None:
        super().__init__()
        self._question = question
        self._choices = choices
        self._default = default

    def compose(self) -> ComposeResult:
        choices = [f"  {number}. {plain(choice)}" for number, choice in enumerate(self._choices, 1)]
        empty = [f"  Enter alone: {plain(self._default)}"] if self._default else []
        with Vertical():
            yield Static("\n".join([plain(self._question), *choices, *empty]), markup=False)
            yield Input(compact=True)

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text.isdigit() and 1 <= int(text) <= len(self._choices):
            text = self._choices[int(text) - 1]
        self.dismiss(text or self._default)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def action_leave(self) -> None:
        self.dismiss(None)


@final
class HelpScreen(ModalScreen[None]):
    """The keys."""

    CSS = _BOX.replace("NAME", "HelpScreen")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "close", "Close")]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(KEYS, markup=False)

    def action_close(self) -> None:
        self.dismiss(None)
