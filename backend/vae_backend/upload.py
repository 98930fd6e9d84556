"""Reading a request's body within known bounds, and knowing when its client has left."""

import asyncio

from starlette.types import Receive

from vae_backend.errors import Refused

# An error answered while the client still sends can be lost: closing a socket with unread data resets the
# connection. So what still comes is read and thrown away, within these bounds.
DISCARD_BYTES = 64 * 1024 * 1024
DISCARD_S = 10.0


class Upload:
    """The body of one request, as ASGI messages."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._complete = False

    async def read(self, expected: int | None, limit: int, timeout_s: float) -> bytearray:
        """Exactly `expected` bytes; never more than that is kept in memory. None takes any length within
        limit.

        limit: bytes that are read at all. Raises Refused: 400 for another length, 413 beyond the limit,
        408 when the body takes longer than timeout_s, 499 when the client leaves.
        """
        body = bytearray()
        length = 0
        try:
            async with asyncio.timeout(timeout_s):
                while not self._complete:
                    chunk = await self._next()
                    length += len(chunk)
                    if length > limit:
                        raise too_large(limit)
                    if expected is None or length <= expected:
                        body += chunk
        except TimeoutError:
            raise Refused("body-timeout", f"Expected the whole body within {timeout_s:g} seconds.") from None
        check_length(length, expected, limit)
        return body

    async def discard(self) -> None:
        """Reads the rest for nothing, so that the answer written next arrives."""
        left = DISCARD_BYTES
        try:
            async with asyncio.timeout(DISCARD_S):
                while not self._complete and left > 0:
                    left -= len(await self._next())
        except (Refused, TimeoutError):
            return

    async def client_gone(self) -> None:
        """Returns when the client has left; to be called once the body is complete."""
        while (await self._receive())["type"] != "http.disconnect":
            continue

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._complete = True
            raise Refused("client-gone", "The client left before its body was complete.")
        self._complete = not message.get("more_body", False)
        return message.get("body", b"")


def check_length(length: int, expected: int | None, limit: int) -> None:
    """Raises Refused unless a body (declared or read) is as long as shape and dtype say."""
    if length > limit:
        raise too_large(limit)
    if expected is not None and length != expected:
        raise Refused(
            "body-length", f"Expected {expected} bytes from shape and dtype, the body has {length} bytes."
        )


def too_large(limit: int) -> Refused:
    """The refusal for a body that no decode allowed here could need."""
    return Refused("body-too-large", f"Expected a body of at most {limit} bytes.")
