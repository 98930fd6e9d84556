"""The HTTP face: routes, and what every answer of them carries. It only translates."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vae_backend.answers import common_headers, raw, refusal
from vae_backend.decoders.base import Decoder
from vae_backend.errors import Refused
from vae_backend.exchange import Exchange, Settings
from vae_backend.serving.engine import Engine
from vae_backend.serving.worker import GpuWorker, Pace
from vae_backend.upload import Upload


def create_app(decoder: Decoder, settings: Settings, engine: Engine | None = None) -> Starlette:
    """The ASGI application around one loaded decoder. `app.state.worker` is its line and its gauges."""
    engine = engine or Engine(decoder, capacity=settings.capacity)
    worker = GpuWorker(Pace(settings.queue_slots, settings.capacity, settings.linger_s, settings.encoders))
    exchange = Exchange(engine, worker, settings)
    facts = {
        "x-vae-model": decoder.family.name,
        "x-weights": decoder.weights,
        "x-batch-capacity": str(settings.capacity),
    }

    def headers_for(request: Request) -> dict[str, str]:
        return common_headers(request, facts)

    async def decode(request: Request) -> Response:
        upload = Upload(request.receive)
        try:
            return await exchange.answer(request, upload, headers_for(request))
        except Exception as error:  # noqa: BLE001 - each failure is answered, none may reach the server's log
            # A client that waits for "100 Continue" has sent nothing yet and is spared the upload.
            if request.headers.get("expect", "").lower() != "100-continue":
                await upload.discard()
            return refusal(error, headers_for(request))

    async def health(request: Request) -> Response:
        if engine.lost:
            sentence = "The device failed: the backend has to be started again."
            return refusal(Refused("device-lost", sentence), headers_for(request))
        return raw(b"Ok", "text/plain", headers_for(request))

    async def metrics(request: Request) -> Response:
        return raw(worker.metrics.render().encode(), "text/plain", headers_for(request))

    async def root(request: Request) -> Response:
        return await (decode(request) if request.method == "POST" else health(request))

    async def no_route(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        await Upload(request.receive).discard()
        code = "method-not-allowed" if error.status_code == 405 else "not-found"
        sentence = "Expected POST to / or /predict for a decode, or GET of /, /health or /metrics."
        return refusal(Refused(code, sentence), headers_for(request) | dict(error.headers or {}))

    app = Starlette(
        routes=[
            Route("/", root, methods=["GET", "POST"]),
            Route("/predict", decode, methods=["POST"]),
            Route("/health", health),
            Route("/metrics", metrics),
        ],
        exception_handlers={404: no_route, 405: no_route},
    )
    # urllib follows no redirect of a POST, so a stray slash is better answered with a plain 404.
    app.router.redirect_slashes = False
    app.state.worker = worker
    return app
