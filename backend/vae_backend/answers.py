"""Responses: what every answer carries, and the one place where errors become JSON."""

import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from vae_backend.errors import Refused

log = logging.getLogger("vae_backend")
ATTEMPT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Streamed(StreamingResponse):
    """A body that is written while it is sent. `release` is called once, however it ends."""

    def __init__(self, pieces: Iterator[bytes], headers: dict[str, str], release: Callable[[], None]) -> None:
        super().__init__(pieces, headers=headers)
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it; see Starlette."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._release()


def common_headers(request: Request, facts: Mapping[str, str]) -> dict[str, str]:
    """Headers of every answer. An attempt id is echoed, so a gateway can tell its retries apart.

    facts: what the backend always says of itself.
    """
    headers = {**facts, "cache-control": "no-store"}
    attempt = request.headers.get("x-attempt-id", "")
    if ATTEMPT_ID.fullmatch(attempt):
        headers["x-attempt-id"] = attempt
    return headers


def raw(body: bytes, media_type: str, headers: dict[str, str]) -> Response:
    """A body under exactly this Content-Type; Starlette would add a charset to text/plain."""
    return Response(body, headers=headers | {"content-type": media_type})


def streamed(
    pieces: Iterator[bytes], media_type: str, headers: dict[str, str], release: Callable[[], None]
) -> Response:
    """A body in pieces. One that breaks off breaks the connection, so it never looks complete."""
    return Streamed(pieces, headers | {"content-type": media_type}, release)


def refusal(error: Exception, headers: dict[str, str]) -> Response:
    """Any exception as a JSON answer; one that is no `Refused` is logged by its place in the code only."""
    if not isinstance(error, Refused):
        log.error("internal error: %s", whereabouts(error))
        error = Refused("internal", "The backend failed on this request; the fault is its own.")
    elif error.code == "out-of-memory":
        log.warning("out of memory during a decode; memory was freed")
    if error.retry_after_s is not None:
        headers = headers | {"retry-after": str(error.retry_after_s)}
    return JSONResponse(
        {"error": error.sentence, "code": error.code}, status_code=error.status, headers=headers
    )


def whereabouts(error: BaseException) -> str:
    """Type and source line of an error. Its text stays out of the log: it can quote what a client sent."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
