"""Custom handler for Hugging Face Inference Endpoints: the same core, under the toolkit's calling convention.

The toolkit makes one `EndpointHandler` with the folder of the model repository, then calls it with a
dictionary for each request: `inputs` is what it made of the body, `parameters` what it made of the query. It
turns whatever is raised into a 400 with the exception's text.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image

from vae_backend.device import choose_device, make_ready, make_repeatable
from vae_backend.encoding import EncodeRequest, parse_encode
from vae_backend.errors import Refused
from vae_backend.families import family_named
from vae_backend.limits import check_size, output_size
from vae_backend.media import Form
from vae_backend.mp4 import encode_mp4
from vae_backend.options import shots
from vae_backend.packing import arrange, lay_out
from vae_backend.query import DecodeRequest, parse_query
from vae_backend.serving.engine import Engine
from vae_backend.serving.tasks import DecodeTask, Done, EncodeTask
from vae_backend.serving.warmup import warm_up
from vae_backend.tensors import byte_count, dtype_name, tensor_from_bytes
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at

MAX_MEGAPIXELS = {False: 16.8, True: 160.0}


class EndpointHandler:
    """Decodes and encodes for one model. What it serves stands in the endpoint's environment:

    `VAE_MODEL` (sd-v1 ...), `VAE_WEIGHTS` (default: the repository itself), `VAE_DTYPE`, `VAE_DEVICE`,
    `VAE_WARMUP` (sizes, 512x512,1024x1024), `VAE_FPS` and `VAE_MAX_MEGAPIXELS`.
    """

    def __init__(self, path: str = "") -> None:
        setting = os.environ.get
        family = family_named(setting("VAE_MODEL", "sd-v1"))
        make_repeatable(None)
        device = choose_device(setting("VAE_DEVICE", "auto"))
        make_ready(device)
        weights = weights_at(setting("VAE_WEIGHTS") or path)
        decoder = load_decoder(weights, family, device, setting("VAE_DTYPE", "auto"))
        self._engine = Engine(decoder)
        self._fps = int(setting("VAE_FPS", "24"))
        self._max_megapixels = float(setting("VAE_MAX_MEGAPIXELS", str(MAX_MEGAPIXELS[family.video])))
        # The endpoint counts as ready when this returns.
        sizes = setting("VAE_WARMUP")
        warm_up(self._engine, shots(sizes) if sizes else (), compiled=False, graphs=False)

    def __call__(self, data: dict[str, Any]) -> Any:
        """One request. Returns a PIL picture, a tensor, or the bytes of an mp4; the toolkit writes it as the
        Accept header wants. Raises ValueError with a sentence that may be shown.
        """
        try:
            pairs = pairs_of(data.get("parameters") or {}, data["inputs"])
            wish = parse_encode(pairs)
            if wish is not None:
                return self._encode(data["inputs"], wish)
            return self._decode(data["inputs"], parse_query(pairs))
        except Refused as refused:
            # "out of memory" in the text is how a gateway tells it from a bad request.
            raise ValueError(f"{refused.sentence} ({refused.code})") from None

    def _decode(self, inputs: Any, wish: DecodeRequest) -> Any:
        decoder = self._engine.decoder
        latents = tensor_of(inputs, wish.shape, wish.dtype)
        pixels = (wish.height, wish.width) if wish.height and wish.width else None
        layout = lay_out(wish.shape, decoder.family, decoder.spatial, pixels)
        size = output_size(layout, decoder.spatial, decoder.temporal, decoder.family.frames)
        check_size(size, self._max_megapixels, decoder.spatial, decoder.temporal)
        form = form_of(wish, video=decoder.family.video)
        arranged = arrange(latents, layout, video=decoder.family.video)
        task = DecodeTask(arranged, wish.scaling, form, size, self._engine.plan(size).tile)
        shown = outcome(self._engine.decode([task]))
        if form == "mp4":
            return b"".join(encode_mp4(shown.numpy(), self._fps))
        return Image.fromarray(shown[0].contiguous().numpy()) if form == "jpeg" else shown

    def _encode(self, inputs: Any, wish: EncodeRequest) -> torch.Tensor:
        spatial = self._engine.decoder.spatial
        if isinstance(inputs, Image.Image):
            pixels = torch.from_numpy(np.array(inputs.convert("RGB"))).permute(2, 0, 1).unsqueeze(0)
            pixels = pixels.float() / 127.5 - 1
        elif wish.shape is not None and wish.dtype is not None:
            pixels = tensor_of(inputs, wish.shape, wish.dtype)
        else:
            raise Refused("picture-invalid", "Expected a picture or a tensor with its shape and dtype.")
        *_, height, width = pixels.shape
        cut = pixels[..., : height // spatial * spatial, : width // spatial * spatial]
        return outcome(self._engine.encode([EncodeTask(cut, wish.scaling)]))


def outcome(outcomes: list[Done | Exception]) -> torch.Tensor:
    """The only one. Raises it when it is an exception."""
    (only,) = outcomes
    if isinstance(only, Exception):
        raise only
    return only.wait()


def pairs_of(parameters: Mapping[str, Any], inputs: Any) -> list[tuple[str, str]]:
    """The toolkit's parameters as query pairs again; a tensor says its shape and dtype itself.

    The toolkit turns whole numbers and booleans into values, repeated keys into lists, and leaves the rest
    text.
    """
    values = dict(parameters)
    if isinstance(inputs, torch.Tensor):
        values |= {"shape": list(inputs.shape), "dtype": dtype_name(inputs)}
    pairs = []
    for key, value in values.items():
        items = value if isinstance(value, (list, tuple)) else [value]
        pairs += [(key, str(item)) for item in items if item is not None]
    # The JSON pilot said nothing of scaling or form and always got a scaled picture.
    if isinstance(inputs, str):
        if not values.keys() & {"scaling_factor", "do_scaling"}:
            pairs.append(("do_scaling", "True"))
        if "output_type" not in values:
            pairs.append(("output_type", "pil"))
    return pairs


def tensor_of(inputs: Any, shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    """A tensor as it is, or from raw or base64 bytes. Raises Refused for another length than shape and dtype
    say.
    """
    if isinstance(inputs, torch.Tensor):
        return inputs.cpu()
    try:
        body = base64.b64decode(inputs, validate=True) if isinstance(inputs, str) else bytes(inputs)
    except (binascii.Error, TypeError):
        raise Refused("body-length", "Expected inputs to be a tensor, raw bytes or base64.") from None
    expected = byte_count(shape, dtype)
    if len(body) != expected:
        raise Refused("body-length", f"Expected {expected} bytes, inputs has {len(body)} bytes.")
    return tensor_from_bytes(bytearray(body), shape, dtype)


def form_of(wish: DecodeRequest, *, video: bool) -> Form:
    """What the toolkit can write: it is told nothing of the Accept header, so the output type decides.

    Raises Refused for an mp4 of a picture.
    """
    if wish.output_type == "mp4":
        if not video:
            raise Refused(
                "output-type-unsupported", "Expected output_type pil or pt: mp4 needs a video model."
            )
        return "mp4"
    if wish.partial_postprocess and wish.output_type == "pt":
        return "uint8"
    if wish.output_type == "pt":
        return "signed"
    return "unit" if video else "jpeg"
