"""One decode or encode from request to response, in the order in which it is judged."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from vae_backend.answers import raw, streamed
from vae_backend.encoding import EncodeRequest, expected_bytes, max_encode_bytes, parse_encode, read_pixels
from vae_backend.errors import Refused
from vae_backend.limits import check_size, max_body_bytes, output_size
from vae_backend.media import BODY_TYPES, PICTURE_TYPES, Answer, check_body_type, choose_answer
from vae_backend.outputs import Encoded, Encoding, encode
from vae_backend.packing import arrange, lay_out
from vae_backend.query import DecodeRequest, parse_query
from vae_backend.serving.engine import Engine
from vae_backend.serving.job import Finished, Job
from vae_backend.serving.place import Place
from vae_backend.serving.tasks import DecodeTask, Done, EncodeTask
from vae_backend.serving.worker import GpuWorker
from vae_backend.tensors import byte_count, tensor_from_bytes
from vae_backend.upload import Upload, check_length


@dataclass(frozen=True)
class Settings:
    """queue_slots: requests that may wait besides those at work. max_megapixels: of all frames together.
    capacity: pictures that may be decoded at once. linger_s, encoders: as in `worker.Pace`."""

    queue_slots: int = 8
    max_megapixels: float = 16.8
    body_timeout_s: float = 60.0
    capacity: int = 1
    linger_s: float = 0.003
    encoders: int = 2
    encoding: Encoding = field(default_factory=Encoding)


class Exchange:
    """Requests for one engine."""

    def __init__(self, engine: Engine, worker: GpuWorker, settings: Settings) -> None:
        self._engine, self._worker, self._settings = engine, worker, settings

    async def answer(self, request: Request, upload: Upload, headers: dict[str, str]) -> Response:
        """The response to a POST. Raises Refused, or whatever a defect of ours raises."""
        pairs = request.query_params.multi_items()
        metrics = self._worker.metrics
        operation = "decode"
        try:
            wish = parse_encode(pairs)
            if wish is None:
                return await self._decode(request, upload, parse_query(pairs), headers)
            operation = "encode"
            return await self._encode(request, upload, wish, headers)
        except Exception as error:
            metrics.answered(operation, error.code if isinstance(error, Refused) else "internal")
            raise

    async def _decode(
        self, request: Request, upload: Upload, wish: DecodeRequest, headers: dict[str, str]
    ) -> Response:
        decoder, settings = self._engine.decoder, self._settings
        # What can be refused is refused before a byte of the body is read.
        check_body_type(request.headers.get("content-type"), BODY_TYPES)
        answer = choose_answer(wish, request.headers.get("accept"), video=decoder.family.video)
        pixels = (wish.height, wish.width) if wish.height and wish.width else None
        layout = lay_out(wish.shape, decoder.family, decoder.spatial, pixels)
        size = output_size(layout, decoder.spatial, decoder.temporal, decoder.family.frames)
        check_size(size, settings.max_megapixels, decoder.spatial, decoder.temporal)
        expected = byte_count(wish.shape, wish.dtype)
        limit = max_body_bytes(settings.max_megapixels, decoder.family.latent_channels, decoder.spatial)
        check_declared(request, expected, limit)
        with ExitStack() as held:
            place = held.enter_context(self._worker.place())
            body = await upload.read(expected, limit, settings.body_timeout_s)
            latents = arrange(
                tensor_from_bytes(body, wish.shape, wish.dtype), layout, video=decoder.family.video
            )
            plan = self._engine.plan(size)
            task = DecodeTask(latents, wish.scaling, answer.form, size, plan.tile)
            job = Job(task, self._engine.decode, task.key, size.batch, self._engine.limit(size))
            finished = await self._run(place, job, answer, upload)
            tiling = {"x-vae-tiled": str(plan.tile)} if plan.tile else {}
            self._worker.metrics.answered("decode", "ok", size.pixels / 1e6, tiled=plan.tile is not None)
            return respond(finished, answer, headers | tiling, held)

    async def _encode(
        self, request: Request, upload: Upload, wish: EncodeRequest, headers: dict[str, str]
    ) -> Response:
        decoder, settings = self._engine.decoder, self._settings
        check_body_type(request.headers.get("content-type"), PICTURE_TYPES)
        if not decoder.can_encode:
            raise Refused("encode-unsupported", "Expected a decode: this backend's weights have no encoder.")
        expected, limit = expected_bytes(wish), max_encode_bytes(settings.max_megapixels)
        check_declared(request, expected, limit)
        with ExitStack() as held:
            place = held.enter_context(self._worker.place())
            body = await upload.read(expected, limit, settings.body_timeout_s)
            read = partial(read_pixels, body, wish, settings.max_megapixels, decoder.spatial)
            pixels = await self._worker.finish(read)
            if pixels.ndim != (5 if decoder.family.video else 4):
                raise Refused(
                    "picture-invalid",
                    f"Expected pixels shaped {'[N,3,F,H,W]' if decoder.family.video else '[N,3,H,W]'}.",
                )
            answer = Answer("tensor/binary", "signed")
            finished = await self._run(
                place, Job(EncodeTask(pixels, wish.scaling), self._engine.encode), answer, upload
            )
            self._worker.metrics.answered("encode", "ok", pixels.numel() / 3e6)
            return respond(finished, answer, headers, held)

    async def _run(
        self, place: Place, job: Job[Done], answer: Answer, upload: Upload
    ) -> Finished[tuple[Encoded, float]]:
        def finish(done: Done) -> tuple[Encoded, float]:
            tensor = done.wait()
            return encode(tensor, answer.form, self._settings.encoding), done.compute_ms

        return await place.run(job, finish, upload.client_gone)


def check_declared(request: Request, expected: int | None, limit: int) -> None:
    """Refuses a wrong length before it is read, where the client declares one."""
    declared = request.headers.get("content-length")
    if declared is not None:
        check_length(int(declared), expected, limit)


def respond(
    finished: Finished[tuple[Encoded, float]], answer: Answer, headers: dict[str, str], held: ExitStack
) -> Response:
    """The response; the place in line is kept until the last byte of one that is still being written."""
    encoded, compute_ms = finished.value
    headers = {
        **headers,
        **encoded.headers,
        "x-queue-ms": f"{finished.queue_ms:.1f}",
        "x-compute-ms": f"{compute_ms:.1f}",
        "x-batch-size": str(finished.batch),
    }
    if isinstance(encoded.body, bytes):
        return raw(encoded.body, answer.media_type, headers)
    return streamed(encoded.body, answer.media_type, headers, held.pop_all().close)
