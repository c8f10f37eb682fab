"""The model behind the Messages API: Claude, a gateway, or a local server that speaks the same.

The only room that imports the SDK (about one CPU second), so it is itself imported late, and
only in the agent worker. From the SDK come requests, headers, proxies, certificates and the
framing of server-sent events. Not taken from it: its retries (they end at the response's
headers; ours repeat whole turns), its tool runner (keeps conversations on the server) and its
message accumulator (mends broken JSON, and takes a stream that ended early for a message).
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal, cast, final

import anthropic
import httpx2
from anthropic import AsyncStream

from agent_ls.core.errors import AgentLsError, ConfigError, ModelError
from agent_ls.core.job import Usage
from agent_ls.model.assemble import TurnBuilder, broken_stream
from agent_ls.model.configured import checked_base_url, is_loopback, service_place
from agent_ls.model.degrade import Degraded
from agent_ls.model.failures import KEPT, Failure, one_line, understand, without
from agent_ls.model.protocol import Json, Limits, Turn, TurnRequest

Wire = Callable[[Literal["sent", "received"], bytes], None]
"""Hears every request body and every event line. Headers, and so keys, never pass here."""

_CONNECT_S = 10.0
_LOCAL_KEY = "no-key"  # the SDK wants some credential; local servers ignore it
_PORTAL_BYTES = 4000
_TAIL_S = 0.25


@final
class Claude:
    """`Model` over the SDK. One object per service; turns may run at the same time.

    Args:
        api_key: An API key. With neither key nor token (local servers) a placeholder is sent.
        auth_token: A bearer token, used where there is no key.
        base_url: The part before ``/v1/messages``; a trailing ``/v1`` is forgiven.
        idle_s: Longest silence between two bytes of an answer. Services ping while a model thinks.
        wire: Hears what is sent and received.

    Raises:
        ConfigError: ``base_url`` is not an address.
    """

    def __init__(
        self,
        *,
        api_key: str = "",
        auth_token: str = "",
        base_url: str = "",
        idle_s: float = 60.0,
        wire: Wire | None = None,
    ) -> None:
        self.base_url = checked_base_url(base_url)
        self.place = service_place(self.base_url)
        self._secrets = tuple(secret for secret in (api_key, auth_token) if secret)
        self._wire = wire
        self._idle_s = idle_s
        self._degraded = Degraded()
        self._limits: dict[str, Limits] = {}
        timeout = httpx2.Timeout(idle_s, connect=min(_CONNECT_S, idle_s))
        self._client = anthropic.AsyncAnthropic(
            # An explicit credential keeps the SDK from looking for others in files of the home.
            api_key=(api_key or ("" if auth_token else _LOCAL_KEY)) or None,
            auth_token=None if api_key else auth_token or None,
            base_url=self.base_url,
            timeout=timeout,
            max_retries=0,
            open_telemetry=False,
            http_client=anthropic.DefaultAsyncHttpxClient(
                timeout=timeout,
                # The SDK's default would send the conversation to wherever a redirect points.
                follow_redirects=False,
                # A proxy that is set for the internet cannot reach a server on this machine.
                mounts=_no_proxy() if is_loopback(self.base_url) else {},
                event_hooks={"request": [self._log_request]},
            ),
        )

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        await self._client.close()

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """Per model, the optional fields that its service refused and that are no longer sent."""
        return self._degraded.left_out

    async def turn(self, request: TurnRequest, on_text: Callable[[str], None] | None = None) -> Turn:
        """See `Model.turn`. Nothing is retried here but a request that was refused for an optional field."""
        while True:
            try:
                return await self._stream(request, on_text)
            except _RefusedFieldError as refused:
                # Each round leaves out one more field of a finite set, so this ends.
                if not self._degraded.learn(request, refused.said):
                    raise refused.error from None

    async def limits(self, model: str) -> Limits:
        """The model's limits as its service states them; unknown (``None``) rather than an error."""
        if model not in self._limits:
            try:
                async with self._errors(model):
                    info = await self._client.models.retrieve(model)
                self._limits[model] = Limits(_count(info, "max_input_tokens"), _count(info, "max_tokens"))
            except (AgentLsError, _RefusedFieldError) as error:
                if isinstance(error, ModelError) and error.retryable:
                    return Limits()  # not remembered: it may be known later
                self._limits[model] = Limits()
        return self._limits[model]

    async def _stream(self, request: TurnRequest, on_text: Callable[[str], None] | None) -> Turn:
        body = self._degraded.body(request)
        async with self._errors(request.model):
            stream = cast("AsyncStream[Any]", await self._client.messages.create(**body, stream=True))
            try:
                kind = stream.response.headers.get("content-type", "")
                if not kind.startswith("text/event-stream"):
                    raise self._no_stream(await _beginning(stream.response))
                return await self._collect(stream.response, request.model, on_text)
            finally:
                # Also on cancellation: an unfinished response closes its connection.
                await stream.close()

    async def _collect(
        self, response: httpx2.Response, model: str, on_text: Callable[[str], None] | None
    ) -> Turn:
        builder = TurnBuilder(response.headers.get("request-id", ""))
        # Raw events rather than the SDK's typed ones: exact blocks, for a fraction of the CPU time.
        events = AsyncStream.raw_events(response)
        async for sse in events:
            if self._wire is not None:
                self._wire("received", "\n".join(sse.raw).encode())
            if not sse.data:
                continue
            event = _event(sse.data)
            if event.get("type") == "error":
                error = self._failure(response, event, model)
                if isinstance(error, ModelError):
                    error.billed = builder.usage != Usage()
                raise error
            text = builder.feed(event)
            if text and on_text is not None:
                on_text(text)
            if builder.finished:
                await _read_to_end(events)
                break
        return builder.turn()

    @asynccontextmanager
    async def _errors(self, model: str) -> AsyncGenerator[None]:
        """Turn what the SDK and its transport raise into our errors. Cancellation passes."""
        try:
            yield
        except anthropic.APIStatusError as error:
            if self._wire is not None:
                self._wire("received", without(str(error.body), self._secrets).encode())
            raise self._failure(error.response, error.body, model) from error
        except (anthropic.APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise self._unreachable(error) from error
        except anthropic.AnthropicError as error:
            raise ModelError(
                f"The SDK gave up: {one_line(without(str(error), self._secrets))}", kept=KEPT
            ) from error
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise broken_stream(f"The service at {self.place} sent what is not UTF-8 JSON") from error

    def _failure(self, response: httpx2.Response, body: object, model: str) -> Exception:
        if isinstance(body, (dict, list)):
            body = cast("object", json.loads(without(json.dumps(body), self._secrets)))
        elif isinstance(body, str):
            body = without(body, self._secrets)
        failure = Failure(response.status_code, body, response.headers, model, self.place)
        error = understand(failure)
        if failure.status in (400, 422):
            return _RefusedFieldError(failure.message, error)
        return error

    def _unreachable(self, error: Exception) -> AgentLsError:
        causes = list(_causes(error))
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return ConfigError(
                f"The certificate of {self.place} cannot be verified",
                kept=KEPT,
                remedy="Behind a proxy that opens TLS, name its certificates in SSL_CERT_FILE",
            )
        if any(isinstance(cause, (httpx2.ReadTimeout, httpx2.WriteTimeout)) for cause in causes):
            return broken_stream(f"The service at {self.place} was silent for {self._idle_s:g} s")
        if any(isinstance(cause, httpx2.ConnectTimeout) for cause in causes):
            why = "no answer to the connection attempt"
        else:
            why = one_line(str(causes[-1]) or type(causes[-1]).__name__)
        if any(isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)) for cause in causes):
            return ModelError(
                f"The model service at {self.place} cannot be reached ({why})",
                kept=KEPT,
                remedy="Check the network, the proxy settings and ANTHROPIC_BASE_URL",
                # A server of this machine that is not running is not coming back by waiting.
                retryable=not (is_loopback(self.base_url) and _refused(causes)),
            )
        return broken_stream(f"The connection to {self.place} was lost in the middle ({why})")

    def _no_stream(self, answer: str) -> ModelError:
        answer = without(answer, self._secrets)
        if self._wire is not None:
            self._wire("received", answer.encode())
        said = one_line(answer, 120)
        return ModelError(
            f"The service at {self.place} answered with something else than a model's answer: {said!r}",
            kept=KEPT,
            remedy="If this network has a sign-in page, open it in a browser; otherwise check ANTHROPIC_BASE_URL",
        )

    async def _log_request(self, request: httpx2.Request) -> None:
        if self._wire is not None and request.method == "POST":
            self._wire("sent", await request.aread())


@final
class _RefusedFieldError(Exception):
    """A 400 whose words may name an optional field; ``error`` is what it means if they do not."""

    def __init__(self, said: str, error: AgentLsError) -> None:
        super().__init__(said)
        self.said = said
        self.error = error


def _count(info: object, name: str) -> int | None:
    """A field of an answer that the SDK has not checked: another service's may lack or misuse it."""
    value: object = getattr(info, name, None)
    return value if isinstance(value, int) and value > 0 else None


def _no_proxy() -> dict[str, httpx2.AsyncBaseTransport | None]:
    return {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}


def _event(data: str) -> Json:
    event: object = json.loads(data)
    if not isinstance(event, dict):
        raise broken_stream("The model's service sent an event that is not an object")
    return cast("Json", event)


async def _read_to_end(events: AsyncIterator[Any]) -> None:
    """Read what follows a whole turn, so that its connection serves the next one; never wait for it long."""
    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(_TAIL_S):
            async for _ in events:
                pass


async def _beginning(response: httpx2.Response) -> str:
    received = b""
    async for chunk in response.aiter_bytes():
        received += chunk
        if len(received) >= _PORTAL_BYTES:
            break
    return received[:_PORTAL_BYTES].decode("utf-8", "replace")


def _refused(causes: Iterable[BaseException]) -> bool:
    return any(isinstance(cause, ConnectionRefusedError) for cause in causes)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
