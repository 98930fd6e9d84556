"""Real latents through the unmodified diffusers client give the photographs they were made from."""

import numpy as np
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.remote_utils import remote_decode

from support.data import Photograph, psnr_db
from support.gateway import Gateway
from support.weights import SCALING, unscale

LOSSLESS_DB = 0.3
JPEG_DB = 1.5


def decode(gateway: Gateway, photograph: Photograph, **options: object) -> np.ndarray:
    """A decode by the client's own code; the picture as uint8 [H, W, 3]."""
    scaling = SCALING[photograph.model] if options.get("do_scaling", True) else {}
    arguments = {"tensor": photograph.latent, **photograph.size, **scaling, **options}
    picture = remote_decode(endpoint=gateway.endpoint(photograph.model), **arguments)
    return np.asarray(picture)


def test_png_reaches_the_listed_psnr(gateway: Gateway, photograph: Photograph) -> None:
    picture = decode(gateway, photograph, output_type="pil", image_format="png")
    assert abs(psnr_db(picture, photograph.picture) - photograph.psnr_db) <= LOSSLESS_DB


def test_jpeg_comes_close_to_it(gateway: Gateway, photograph: Photograph) -> None:
    picture = decode(gateway, photograph, output_type="pil", image_format="jpg")
    assert psnr_db(picture, photograph.picture) >= photograph.psnr_db - JPEG_DB


def test_pt_reaches_the_listed_psnr(gateway: Gateway, photograph: Photograph) -> None:
    picture = decode(gateway, photograph, output_type="pt", processor=VaeImageProcessor())
    assert abs(psnr_db(picture, photograph.picture) - photograph.psnr_db) <= LOSSLESS_DB


def test_partial_postprocess_reaches_the_listed_psnr(gateway: Gateway, photograph: Photograph) -> None:
    picture = decode(gateway, photograph, output_type="pt", partial_postprocess=True)
    assert abs(psnr_db(picture, photograph.picture) - photograph.psnr_db) <= LOSSLESS_DB


def test_unscaled_latents_with_do_scaling_false_give_the_same_picture(
    gateway: Gateway, photograph: Photograph
) -> None:
    raw = unscale(photograph.latent, photograph.model)
    assert raw.dtype == torch.float32
    scaled = decode(gateway, photograph, output_type="pt", partial_postprocess=True)
    unscaled = decode(
        gateway, photograph, tensor=raw, do_scaling=False, output_type="pt", partial_postprocess=True
    )
    # Dividing and multiplying again moves a value by less than one step of 255.
    assert int(np.abs(scaled.astype(int) - unscaled.astype(int)).max()) <= 1
