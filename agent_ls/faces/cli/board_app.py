"""The board: every job of a folder on one screen, and one key for each thing to be done with one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, Final, final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Resize
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobId, JobState, Verdict
from agent_ls.faces.cli.board_acts import Acts
from agent_ls.faces.cli.board_rows import Group, Row, counts, grouped
from agent_ls.faces.cli.board_screens import AskScreen, ConfirmScreen, DiffScreen, HelpScreen
from agent_ls.faces.cli.board_text import detail_text, heading, plain, row_text, summary_text
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import JobView

LOOK_S: Final = 1.0
"""Between two looks at the journals: one ``stat`` each while nothing happens."""

_AT_WORK: Final = (JobState.RUNNING, JobState.CHECKING)
_NOTHING: Final = "No jobs in this folder yet: delegate in an editor, or with `agent-ls delegate`."
_FILTERED: Final = "No job has all of these words."


@final
class BoardApp(App[None]):
    """Reads through one service that owns no job; acts through `Acts`."""

    TITLE = "agent-ls"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layers: base over; }
    #summary { height: 1; text-style: reverse; }
    #jobs { height: 1fr; border: none; padding: 0; scrollbar-size-vertical: 1; }
    #about { height: 7; border-top: solid $secondary; }
    #filter { display: none; height: 1; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "diff", "Diff"),
        Binding("r", "answer", "Answer", priority=True),
        Binding("a", "apply", "Apply"),
        Binding("u", "undo", "Undo"),
        Binding("x", "discard", "Discard"),
        Binding("c", "cancel", "Cancel"),
        Binding("t", "tell", "Tell", priority=True),
        Binding("s", "resume", show=False),
        Binding("n", "retry", show=False, priority=True),
        Binding("slash", "filter", "Filter", key_display="/", priority=True),
        Binding("escape", "clear", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
        Binding("question_mark", "help", "Keys", key_display="?"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, service: Service, acts: Acts) -> None:
        super().__init__(ansi_color=True)
        self.animation_level = "none"  # it may be looked at over a slow line
        self._service = service
        self._acts = acts
        self._views: list[JobView] = []
        self._groups: list[Group] = []
        self._rows: dict[str, Row] = {}
        self._words = ""
        self._stamp: object = None
        self._drawn: tuple[list[str], list[str]] = ([], [])

    def compose(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        yield OptionList(id="jobs", markup=False, compact=True)
        with VerticalScroll(id="about", can_focus=False):
            yield Static(id="detail", markup=False)
        yield Input(id="filter", placeholder="words that must all occur", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    async def on_mount(self) -> None:
        self.query_one("#jobs").focus()
        self.query_one("#filter", Input).cursor_blink = False
        await self.look()
        self.set_interval(LOOK_S, self.look)

    async def look(self) -> None:
        """Show what is new. While nothing is at work and no journal has grown this is all there is to do."""
        self._acts.reap()
        stamp = self._service.stamp()
        if stamp == self._stamp and not any(view.state.live for view in self._views):
            return
        self._stamp = stamp
        views: list[JobView] = []
        for view in self._service.jobs():
            asks_owner = view.state in _AT_WORK and view.owner == "elsewhere"
            views.append(await self._service.look(view) if asks_owner else view)
        if views != self._views or not self._drawn[0]:
            self._views = views
            self._draw()

    # --- drawing ----------------------------------------------------------------------

    def on_resize(self, _event: Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        screen = self.screen_stack[0]
        if not (screen.query("#summary") and screen.query("#jobs") and screen.query("#detail")):
            return  # it is not built yet, or being taken down
        self._groups = grouped(self._views, self._words)
        self._rows = {row.view.id: row for group in self._groups for row in group.rows}
        spent = sum(view.spent.cost_usd or 0.0 for view in self._views)
        name = self._service.root.name
        screen.query_one("#summary", Static).update(
            summary_text(name, counts(self._views), spent, self._words)
        )
        width = max(60, self.size.width - 1)
        ids: list[str] = []
        texts: list[Text] = []
        for group in self._groups:
            ids.append(group.name)
            texts.append(heading(group))
            ids += [row.view.id for row in group.rows]
            texts += [row_text(row, width) for row in group.rows]
        self._list(screen.query_one("#jobs", OptionList), ids, texts)
        self._about()

    def _list(self, jobs: OptionList, ids: list[str], texts: list[Text]) -> None:
        """The list's lines; where the jobs are the same ones, only the lines that changed."""
        plains = [text.markup for text in texts]
        if ids == self._drawn[0]:
            for name, text, new, old in zip(ids, texts, plains, self._drawn[1], strict=True):
                if new != old:
                    jobs.replace_option_prompt(name, text)
        else:
            chosen, at = self._chosen_id(), jobs.highlighted
            headings = {group.name for group in self._groups}
            jobs.set_options(
                Option(text, id=name, disabled=name in headings)
                for name, text in zip(ids, texts, strict=True)
            )
            if chosen in self._rows:
                jobs.highlighted = jobs.get_option_index(chosen)
            elif self._rows:
                jobs.highlighted = min(max(at or 1, 1), len(ids) - 1)
                if ids[jobs.highlighted or 0] in headings:
                    jobs.action_cursor_down()
        self._drawn = (ids, plains)

    def _about(self) -> None:
        row = self._rows.get(self._chosen_id())
        titles = {view.id: view.title for view in self._views}
        text = detail_text(row, titles) if row else _FILTERED if self._words else _NOTHING
        self.screen_stack[0].query_one("#detail", Static).update(text)

    def _chosen_id(self) -> str:
        option = self.screen_stack[0].query_one("#jobs", OptionList).highlighted_option
        return (option.id or "") if option is not None else ""

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        self._about()

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        self.action_diff()

    # --- moving and filtering ---------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that lead to a line to type in come before all others, so that what follows is typed there."""
        del parameters
        if action not in ("answer", "tell", "retry", "filter"):
            return True
        return len(self.screen_stack) == 1 and not isinstance(self.focused, Input)

    def action_down(self) -> None:
        self.query_one("#jobs", OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one("#jobs", OptionList).action_cursor_up()

    def action_filter(self) -> None:
        line = self.query_one("#filter", Input)
        line.display = True
        self.screen.set_focus(line)  # now: the keys typed next are words, not wishes

    def action_clear(self) -> None:
        line = self.query_one("#filter", Input)
        line.value = ""
        self._leave_filter()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "filter":
            self._words = event.value
            self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "filter":
            self._leave_filter()

    def _leave_filter(self) -> None:
        self.query_one("#filter").display = False
        self.screen.set_focus(self.query_one("#jobs"))

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    # --- acting -----------------------------------------------------------------------

    def action_diff(self) -> None:
        row = self._row("diff")
        if row is None:
            return
        try:
            detail = self._service.job(row.view.id)
        except AgentLsError as error:
            self._say(error.sentence(), bad=True)
            return

        def after(wish: str | None) -> None:
            # What was just read needs no second yes, except where it is known to be worse.
            if wish == "apply":
                self.action_apply(seen=True)
            elif wish == "discard":
                self.action_discard()
            elif wish == "undo":
                self.action_undo()

        self.push_screen(DiffScreen(detail), after)

    def action_apply(self, *, seen: bool = False) -> None:
        row = self._row("apply")
        if row is None:
            return
        job, worse = row.view.id, row.view.verdict is Verdict.WORSE

        def after(yes: bool | None) -> None:  # noqa: FBT001  (the library calls it)
            if yes:
                self._do(self._acts.apply(job, force=worse))

        if seen and not worse:
            after(yes=True)
        else:
            self.push_screen(ConfirmScreen(self._apply_question(row)), after)

    def _apply_question(self, row: Row) -> str:
        view = row.view
        try:
            doubts = self._service.doubts(view.id)
        except AgentLsError as error:
            doubts = {"": error.sentence()}
        lines = [f"Apply {plain(view.title)!r} to {len(view.files)} files?"]
        if view.verdict is Verdict.WORSE:
            lines.append("Checks that passed before fail with this plan.")
        lines += [plain(f"It {warning}") for warning in view.warnings[:3]]
        lines += [plain(f"{path}: {why}") for path, why in list(doubts.items())[:5]]
        return "\n".join(lines)

    def action_undo(self) -> None:
        if row := self._row("undo"):
            self._do(self._acts.undo(row.view.id))

    def action_discard(self) -> None:
        if row := self._row("discard"):
            job = row.view.id

            def after(yes: bool | None) -> None:  # noqa: FBT001  (the library calls it)
                if yes:
                    self._do(self._acts.discard(job))

            self.push_screen(ConfirmScreen(f"Put the plan {plain(row.view.title)!r} aside?"), after)

    def action_cancel(self) -> None:
        if row := self._row("cancel"):
            self._do(self._acts.cancel(row.view.id))

    def action_resume(self) -> None:
        if row := self._row("resume"):
            self._do(self._acts.resume(row.view.id))

    async def action_answer(self) -> None:
        row = self._row("answer")
        if row is None or row.view.question is None:
            return
        job, question = row.view.id, row.view.question

        def after(text: str | None) -> None:
            if text is not None:
                self._do(self._acts.answer(job, question.id, text))

        await self._ask(AskScreen(question.text, question.choices, question.default), after)

    async def action_tell(self) -> None:
        if row := self._row("tell"):
            await self._ask_for_words(row, "Tell the agent", self._acts.tell)

    async def action_retry(self) -> None:
        if row := self._row("retry"):
            await self._ask_for_words(
                row,
                "Begin anew. What should be done differently?",
                self._acts.retry,
            )

    async def _ask_for_words(
        self, row: Row, question: str, act: Callable[[JobId, str], Awaitable[str]]
    ) -> None:
        def after(text: str | None) -> None:
            if text is not None:
                self._do(act(row.view.id, text))

        await self._ask(AskScreen(f"{question}: {plain(row.view.title)}"), after)

    async def _ask(self, screen: AskScreen, after: Callable[[str | None], None]) -> None:
        await self.push_screen(screen, after)
        screen.set_focus(screen.query_one(Input))

    def _row(self, verb: str) -> Row | None:
        """The chosen job, if the wish makes sense for it; else a word why not."""
        row = self._rows.get(self._chosen_id())
        if row is not None and not row.fits(verb):
            state = row.view.state.value.replace("_", " ")
            planless = verb in ("apply", "diff") and not row.view.has_plan
            self._say(
                "This job has no plan"
                if planless
                else f"There is nothing to {verb} in a job that is {state}",
                bad=True,
            )
            return None
        return row

    def _do(self, wish: Awaitable[str]) -> None:
        async def act() -> None:
            try:
                self._say(await wish)
            except AgentLsError as error:
                self._say(error.sentence(), bad=True)
            self._stamp = None
            await self.look()

        self.run_worker(act(), exit_on_error=True)

    def _say(self, text: str, *, bad: bool = False) -> None:
        self.notify(plain(text), severity="error" if bad else "information", markup=False)
