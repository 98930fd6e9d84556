"""The socket and the HTTP server on it, from binding to a clean end."""

import errno
import socket

import uvicorn
from starlette.types import ASGIApp

from vae_backend.errors import StartupError

# Longer than the idle time of the proxies in front, so that they and not we close a quiet connection: a
# request sent into a closing one is lost.
KEEP_ALIVE_S = 75
# Time for running and waiting decodes to be answered after a stop signal.
GRACE_S = 30


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that refuses connections still, until `make_server`'s server runs on it.

    Binding comes before loading weights so that a taken port is known at once. Raises StartupError.
    """
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, OverflowError):
        raise StartupError(f"unknown host {host!r}") from None
    server_socket = socket.socket(address[0], socket.SOCK_STREAM)
    server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server_socket.bind(address[4])
    except OSError as error:
        server_socket.close()
        raise cannot_listen(error, host, port) from None
    return server_socket


def listen(server_socket: socket.socket) -> str:
    """Opens a bound socket for connections; returns its URL. Raises StartupError if another was quicker."""
    host, port = server_socket.getsockname()[:2]
    try:
        server_socket.listen(128)
    except OSError as error:
        raise cannot_listen(error, host, port) from None
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def cannot_listen(error: OSError, host: str, port: int) -> StartupError:
    """The failure of a bind or listen in an operator's words."""
    if error.errno == errno.EADDRINUSE:
        return StartupError(f"port {port} on {host} is already in use (--port 0 picks a free one)")
    return StartupError(f"cannot listen on {host} port {port}: {error.strerror}")


def make_server(app: ASGIApp) -> uvicorn.Server:
    """An HTTP server for `app`; its `run(sockets=[...])` blocks until `should_exit` is set."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            access_log=False,
            server_header=False,
            log_level="warning",
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
