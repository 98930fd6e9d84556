"""The `vae-backend` command: options, socket, weights, server, in that order."""

import logging
import signal
import sys
from collections.abc import Sequence

import uvicorn

from vae_backend.errors import StartupError
from vae_backend.options import Options, parse_options
from vae_backend.server import bind, listen, make_server
from vae_backend.weights.locate import weights_at

CANNOT_START = 2
INTERRUPTED = 130
# Whoever supervises the process starts a new one.
LOST = 3


class DeviceLost(Exception):  # noqa: N818 - not of our making
    """The device failed and took the process with it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until a stop signal. Returns 0 then, 2 (after one line on stderr) when it cannot start, 3 when the
    device failed."""
    logging.basicConfig(level=logging.WARNING, format="vae-backend: %(levelname)s %(message)s")
    try:
        run(parse_options(sys.argv[1:] if arguments is None else arguments))
    except StartupError as error:
        print(f"vae-backend: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        return CANNOT_START
    except KeyboardInterrupt:
        return INTERRUPTED
    except DeviceLost:
        return LOST
    return 0


def run(options: Options) -> None:
    """Serves until a stop signal. Raises StartupError."""
    weights = weights_at(options.weights)
    with bind(options.host, options.port) as server_socket:
        # Seconds of imports, put off until the cheap mistakes are ruled out.
        from vae_backend.app import create_app
        from vae_backend.device import choose_device, make_ready, make_repeatable
        from vae_backend.exchange import Settings
        from vae_backend.nvjpeg import gpu_jpeg
        from vae_backend.outputs import Encoding
        from vae_backend.serving.engine import Engine
        from vae_backend.serving.warmup import warm_up
        from vae_backend.weights.load import load_decoder

        make_repeatable(options.threads, autotune=options.autotune)
        device = choose_device(options.device)
        make_ready(device)
        decoder = load_decoder(weights, options.family, device, options.dtype)
        jpeg = gpu_jpeg(device)
        settings = Settings(
            queue_slots=options.queue,
            max_megapixels=options.max_megapixels,
            capacity=options.batch,
            linger_s=options.linger_ms / 1e3,
            encoders=options.encoders,
            encoding=Encoding(options.jpeg_quality, options.fps, jpeg),
        )
        engine = Engine(decoder, capacity=options.batch, jpeg_stays=jpeg is not None)
        warm_up(engine, options.warmup, compiled=options.compile, graphs=options.graphs)
        app = create_app(decoder, settings, engine)
        server = make_server(app)
        stop_on_signals(server)
        engine.on_lost = lambda: setattr(server, "should_exit", True)
        about = f"{decoder.kind}, {decoder.device}, {str(decoder.dtype).removeprefix('torch.')}"
        print(f"vae-backend {options.family.name} on {listen(server_socket)} ({about})", flush=True)  # noqa: T201
        server.run(sockets=[server_socket])
        app.state.worker.close()
        if engine.lost:
            raise DeviceLost


def stop_on_signals(server: uvicorn.Server) -> None:
    """SIGTERM and SIGINT end the server, also in the moment before it handles them itself.

    uvicorn raises a signal again once it is done; with these handlers that ends in exit code 0.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
