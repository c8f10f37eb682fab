"""Facts about a place: the menu, the hover, and explanations. No model, except to explain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from agent_ls.core.attempt import ExplainRequest
from agent_ls.core.errors import UsageError
from agent_ls.core.job import Diagnostic, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.core.text import Span
from agent_ls.index.query import Index
from agent_ls.index.skeleton import skeleton
from agent_ls.jobs.board import Board
from agent_ls.jobs.explaining import Explainer, Subject, folder_subject, subject_of
from agent_ls.jobs.hover import hover_facts
from agent_ls.jobs.hunks_here import HunksHere
from agent_ls.jobs.importing import may_lack_import
from agent_ls.jobs.marks import Mark, Marks
from agent_ls.jobs.offers import Known, hidden, offers
from agent_ls.jobs.place import Here, LiveFacts, Lookout
from agent_ls.jobs.port import Buffer, EditorPort
from agent_ls.jobs.requests import model_choice, model_configured
from agent_ls.jobs.runner import Runner
from agent_ls.jobs.views import Explanation, HoverFacts, Offer
from agent_ls.jobs.wishes import no_model
from agent_ls.workspace.state import StateDirs

_DAY_S = 86400.0
_SKELETON_CHARS = 24_000


@final
class Facts:
    """What can be said about a place of one workspace at typing speed."""

    def __init__(
        self,
        root: Path,
        index: Index,
        live: LiveFacts | None,
        *,
        board: Board,
        hunks: HunksHere,
        port: EditorPort,
        runner: Runner,
        dirs: StateDirs,
        environ: Mapping[str, str],
        settings: Callable[[], Settings],
        marks: Marks,
        day_is_over: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        """``day_is_over`` and ``clock``: see `Explainer`."""
        self._marks = marks
        self._root = root
        self._index = index
        self._lookout = Lookout(index, live)
        self._board = board
        self._port = port
        self._environ = environ
        self._settings = settings
        self._db = dirs.index_db(root)
        self._hunks = hunks
        self._clock = clock
        self._explainer = Explainer(
            dirs.workspace(root) / "explained", runner, port, day_is_over=day_is_over, clock=clock
        )

    async def explain(self, site: Site, *, refresh: bool, wait: bool) -> Explanation:
        """See `Service.explain`."""
        here = self._look(site)
        if here is None:
            raise UsageError("There is no text at that place", remedy="Open a file of the workspace")
        models = model_choice(self._settings(), self._environ)
        request = ExplainRequest(str(self._root), site, here.text, str(self._db), models)
        return await self._told(subject_of(here, models.explain), request, refresh=refresh, wait=wait)

    async def explain_folder(self, folder: str, *, refresh: bool, wait: bool) -> Explanation:
        """See `Service.explain_folder`."""
        page = (await asyncio.to_thread(self._skeleton, folder)).encode()
        if not page:
            raise UsageError(
                f"Nothing of {folder or 'this workspace'} is indexed",
                remedy="Choose a folder that holds code",
            )
        models = model_choice(self._settings(), self._environ)
        site = Site(RelPath(folder), Span(0, 0))
        request = ExplainRequest(str(self._root), site, page, str(self._db), models, folder=True)
        return await self._told(
            folder_subject(folder, page, models.explain), request, refresh=refresh, wait=wait
        )

    def _skeleton(self, folder: str) -> str:
        """In a thread, with a reader of its own."""
        index = Index(self._db)
        try:
            return skeleton(index, folder, _SKELETON_CHARS)
        finally:
            index.close()

    async def _told(
        self, subject: Subject, request: ExplainRequest, *, refresh: bool, wait: bool
    ) -> Explanation:
        if model_configured(self._settings(), self._environ):
            return await self._explainer.explain(subject, request, refresh=refresh, wait=wait)
        if known := self._explainer.cached(subject):
            return Explanation(known)
        raise no_model()

    def hover(self, site: Site) -> HoverFacts | None:
        """See `Service.hover`."""
        here = self._look(site)
        if here is None:
            return None
        settings = self._settings()
        known = self._explainer.cached(subject_of(here, model_choice(settings, self._environ).explain))
        return hover_facts(here, self._index, self._board.at(site), settings, known)

    def offers(
        self, site: Site, diagnostics: Sequence[Diagnostic], only: Collection[str] | None, *, automatic: bool
    ) -> list[Offer]:
        """See `Service.offers`."""
        known = self._known(site, diagnostics)
        return [] if known is None else offers(known, only, automatic=automatic)

    def hidden_offers(self, site: Site) -> list[Offer]:
        """See `Service.hidden_offers`."""
        known = self._known(site, ())
        return [] if known is None else hidden(known)

    def marks(self, path: RelPath) -> list[Mark]:
        """See `Service.marks`."""
        text = self._text(path)
        if text is None or not self._settings().lens.marks:
            return []
        return self._marks.at(path, text.data, self._board.at(Site(path, Span(0, 0))))

    def wire_log(self) -> Iterator[dict[str, Any]]:
        """See `Explainer.wire_log`."""
        return self._explainer.wire_log()

    def forget(self) -> None:
        """Delete the wire log of explanations that are older than jobs may become."""
        self._explainer.forget(self._clock() - self._settings().jobs.keep_days * _DAY_S)

    async def close(self) -> None:
        await self._explainer.close()

    def _text(self, path: RelPath) -> Buffer | None:
        """The open document, else the file."""
        buffer = self._port.buffers().get(path)
        if buffer is not None:
            return buffer
        text = self._port.read(path)
        return None if text is None else Buffer(text)

    def _look(self, site: Site) -> Here | None:
        text = self._text(site.path)
        return None if text is None else self._lookout.look(site, text.data, text.version)

    def _known(self, site: Site, diagnostics: Sequence[Diagnostic]) -> Known | None:
        here = self._look(site)
        if here is None:
            return None
        settings = self._settings()
        model = model_configured(settings, self._environ)
        views = self._board.at(site)
        hunks = tuple(self._hunks.at(site.path, site.span, here.text, views))
        importable = may_lack_import(here, self._index)
        asked = subject_of(here, model_choice(settings, self._environ).explain)
        explained = model and bool(self._explainer.cached(asked))
        return Known(here, diagnostics, views, settings, model, hunks, importable, explained)
