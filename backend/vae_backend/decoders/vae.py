"""A VAE of diffusers as a decoder: latents to its space, through its adapter, and back."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from vae_backend.decoders.adapters import adapt
from vae_backend.decoders.graphs import Graphs
from vae_backend.decoders.measure import measure
from vae_backend.decoders.side_by_side import SideBySide
from vae_backend.errors import Refused
from vae_backend.families import Family
from vae_backend.scaling import Scaling, model_to_raw, request_to_diffusion, request_to_raw


class VaeDecoder:
    """See `Decoder`. config: what the VAE's config.json says; weights: name and hash of what was loaded."""

    def __init__(self, vae: torch.nn.Module, family: Family, config: Mapping[str, Any], weights: str) -> None:
        self.family, self.weights = family, weights
        self.kind = type(vae).__name__
        parameter = next(vae.parameters())
        self.device, self.dtype = parameter.device, parameter.dtype
        self.adapter = adapt(vae, family)
        self._graphs: Graphs | None = None
        apart = self.device.type == "cpu" and self.adapter.stateless
        self._apart = SideBySide() if apart else None
        self._own = model_to_raw(family, self.adapter.constants(config))
        self.can_encode, self.can_tile = self.adapter.can_encode, self.adapter.can_tile
        measured = measure(self, vae)
        self.spatial, self.temporal = measured.spatial, measured.temporal
        self.bytes_per_pixel = measured.bytes_per_pixel

    def compile(self, backend: str | Callable[..., Any] = "inductor") -> None:
        """Lets torch.compile make the decoder's kernels, each shape at its first decode. Minutes on a GPU."""
        # The compiler is not made for several threads at once.
        self._apart = None
        self.adapter.vae.decoder.compile(dynamic=False, backend=backend)

    @torch.inference_mode()
    def record(self, shape: tuple[int, ...]) -> None:
        """Keeps a decode of latents of this shape as a CUDA graph."""
        self._graphs = self._graphs or Graphs()
        example = torch.zeros(shape, device=self.device, dtype=self.dtype)
        self._graphs.record(lambda inputs: self.adapter.decode(inputs, None), example)

    @torch.inference_mode()
    def prepare(self, latents: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """See `Decoder.prepare`."""
        to_space = request_to_diffusion if self.adapter.diffusion else request_to_raw
        return to_space(scaling, self._own).apply(latents.to(self.device)).to(self.dtype)

    @torch.inference_mode()
    def run(self, inputs: torch.Tensor, tile: int | None = None) -> torch.Tensor:
        """See `Decoder.run`."""
        if self._graphs and tile is None and (replayed := self._graphs.replay(inputs)) is not None:
            return replayed
        if self._apart and tile is None:
            return self._apart.run(lambda one: self.adapter.decode(one, None), inputs)
        return self.adapter.decode(inputs, tile)

    def decode(self, latents: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """`prepare` and `run` of a whole decode."""
        return self.run(self.prepare(latents, scaling))

    @torch.inference_mode()
    def encode(self, pixels: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """See `Decoder.encode`."""
        if not self.can_encode:
            raise Refused("encode-unsupported", "Expected a decode: this backend's weights have no encoder.")
        latents = self.adapter.encode(pixels.to(self.device, self.dtype))
        to_space = request_to_diffusion if self.adapter.diffusion else request_to_raw
        return to_space(scaling, self._own).inverse().apply(latents).to(self.dtype)
