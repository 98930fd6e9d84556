"""One gateway by `npm start`, two replicas of the backend for each of three models, one for two more."""

from collections.abc import Iterator

import pytest

from support.data import DATA, Photograph, photographs
from support.gateway import Gateway, start_gateway
from support.replica import Replica, start_replicas
from support.weights import TinyWeights, small_picture_vae, small_video_vae, weights_for

MODELS = ("sd-v1", "sdxl", "flux")


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "random requests that /openapi.json is tried with"
    parser.addoption("--cases", type=int, default=1_500, help=text)


def pytest_report_header() -> str:
    if DATA is None:
        return "real weights and photographs: not found, so random weights and no PSNR (set VAE_GATEWAY_DATA)"
    return "real weights and photographs: found"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "photograph" in metafunc.fixturenames:
        cases = photographs(MODELS)
        reason = pytest.mark.skip(reason="needs real weights and photographs (VAE_GATEWAY_DATA)")
        missing = [pytest.param(None, id="photographs", marks=reason)]
        metafunc.parametrize("photograph", [pytest.param(c, id=c.name) for c in cases] or missing)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TinyWeights]:
    folder = tmp_path_factory.mktemp("weights")
    return {model: weights_for(model, folder) for model in MODELS}


@pytest.fixture(scope="session")
def replicas(
    weights: dict[str, TinyWeights], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, list[Replica]]]:
    tiny = {model: weights.folder for model, weights in weights.items()}
    small = {
        "hunyuan-video": small_video_vae(tmp_path_factory.mktemp("video")),
        "sd3": small_picture_vae(tmp_path_factory.mktemp("picture")),
    }
    with start_replicas(tiny, copies=2) as pairs, start_replicas(small, copies=1) as singles:
        yield pairs | singles


@pytest.fixture(scope="session")
def gateway(
    replicas: dict[str, list[Replica]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    with start_gateway(replicas, tmp_path_factory.mktemp("gateway")) as started:
        yield started


__all__ = ["Photograph"]
