"""The HTTP face: routes, and the order in which a decode request is judged. It only translates."""

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from torch import Tensor

from vae_backend.answers import common_headers, raw, refusal
from vae_backend.decoders.base import Decoder
from vae_backend.errors import Refused
from vae_backend.gpu_worker import Finished, GpuWorker
from vae_backend.limits import check_size, max_body_bytes, output_size
from vae_backend.media import check_body_type, choose_answer
from vae_backend.outputs import Encoded, Encoding, encode, present
from vae_backend.packing import arrange, lay_out
from vae_backend.query import parse_query
from vae_backend.tensors import byte_count, tensor_from_bytes
from vae_backend.upload import Upload, check_length


@dataclass(frozen=True)
class Settings:
    """queue_slots: requests that may wait besides the running one. max_megapixels: of all frames together."""

    queue_slots: int = 8
    max_megapixels: float = 16.8
    body_timeout_s: float = 60.0
    encoding: Encoding = field(default_factory=Encoding)


def create_app(decoder: Decoder, settings: Settings) -> Starlette:
    """The ASGI application around one loaded decoder. `app.state.worker` is its line and its gauges."""
    worker = GpuWorker(settings.queue_slots)
    model = decoder.family.name

    async def decode(request: Request) -> Response:
        headers = common_headers(request, model)
        upload = Upload(request.receive)
        try:
            media_type, finished = await serve_decode(request, upload, decoder, worker, settings)
        except Exception as error:  # noqa: BLE001 - each failure is answered, none may reach the server's log
            # A client that waits for "100 Continue" has sent nothing yet and is spared the upload.
            if request.headers.get("expect", "").lower() != "100-continue":
                await upload.discard()
            return refusal(error, headers)
        timings = {"x-queue-ms": f"{finished.queue_ms:.1f}", "x-compute-ms": f"{finished.compute_ms:.1f}"}
        return raw(finished.value.body, media_type, headers | finished.value.headers | timings)

    async def health(request: Request) -> Response:
        return raw(b"Ok", "text/plain", common_headers(request, model))

    async def metrics(request: Request) -> Response:
        return raw(worker.metrics.render().encode(), "text/plain", common_headers(request, model))

    async def root(request: Request) -> Response:
        return await (decode(request) if request.method == "POST" else health(request))

    async def no_route(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        await Upload(request.receive).discard()
        code = "method-not-allowed" if error.status_code == 405 else "not-found"
        sentence = "Expected POST to / or /predict for a decode, or GET of /, /health or /metrics."
        return refusal(Refused(code, sentence), common_headers(request, model) | dict(error.headers or {}))

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


async def serve_decode(
    request: Request, upload: Upload, decoder: Decoder, worker: GpuWorker, settings: Settings
) -> tuple[str, Finished[Encoded]]:
    """One decode request, cheapest checks first: nothing is read or computed for a request that must fail."""
    wish = parse_query(request.query_params.multi_items())
    check_body_type(request.headers.get("content-type"))
    answer = choose_answer(wish, request.headers.get("accept"), video=decoder.family.video)

    pixels = (wish.height, wish.width) if wish.height and wish.width else None
    layout = lay_out(wish.shape, decoder.family, decoder.spatial, pixels)
    size = output_size(layout, decoder.spatial, decoder.temporal)
    check_size(size, settings.max_megapixels, decoder.spatial, decoder.temporal)

    expected = byte_count(wish.shape, wish.dtype)
    limit = max_body_bytes(settings.max_megapixels, decoder.family.latent_channels, decoder.spatial)
    declared = request.headers.get("content-length")
    if declared is not None:
        check_length(int(declared), expected, limit)

    with worker.place() as place:
        body = await upload.read(expected, limit, settings.body_timeout_s)

        def decode() -> Tensor:
            latents = arrange(tensor_from_bytes(body, wish.shape, wish.dtype), layout)
            return present(decoder.decode(latents, wish.scaling), answer.form)

        def finish(presented: Tensor) -> Encoded:
            return encode(presented, answer.form, settings.encoding)

        return answer.media_type, await place.run(decode, finish, upload.client_gone)
