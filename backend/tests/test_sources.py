"""Where weights may come from besides a folder: one file of a whole VAE, and the Hub's cache."""

import re

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from tests.support.vaes import CPU, save_kl
from vae_backend.errors import StartupError
from vae_backend.families import FAMILIES
from vae_backend.scaling import Scaling
from vae_backend.weights.identity import identify
from vae_backend.weights.load import choose_dtype, load_decoder
from vae_backend.weights.locate import weights_at

LATENTS = torch.randn(1, 4, 6, 5, generator=torch.Generator().manual_seed(3))
# From diffusers' names to those of the original code, in the order in which they apply.
ORIGINAL = (
    (r"mid_block\.resnets\.0", "mid.block_1"),
    (r"mid_block\.resnets\.1", "mid.block_2"),
    (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
    (r"mid_block\.attentions\.0\.to_([qkv])", r"mid.attn_1.\1"),
    (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out"),
    (r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2"),
    (r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample"),
    (r"conv_norm_out", "norm_out"),
    (r"conv_shortcut", "nin_shortcut"),
)


def original(key):
    """A tensor's name in the original code, which counts the blocks upwards from the other end."""
    for pattern, name in ORIGINAL:
        key = re.sub(pattern, name, key)
    key = re.sub(r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{3 - int(m[1])}.block.{m[2]}", key)
    return re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{3 - int(m[1])}.upsample", key)


def load(path):
    return load_decoder(weights_at(path), FAMILIES["sd-v1"], CPU, "auto")


@pytest.mark.parametrize("naming", ["diffusers", "original"])
def test_a_single_file_decodes_as_the_folder_does(tmp_path, naming):
    folder = save_kl(tmp_path / "vae")
    state = load_file(folder / "diffusion_pytorch_model.safetensors")
    if naming == "original":
        state = {original(key): value for key, value in state.items()}
    save_file(state, tmp_path / "whole.safetensors")
    (tmp_path / "whole.json").write_text((folder / "config.json").read_text())
    one, other = load(tmp_path / "whole.safetensors"), load(folder)
    assert one.weights.startswith("whole@sha256:")
    assert torch.equal(one.decode(LATENTS, Scaling(model=True)), other.decode(LATENTS, Scaling(model=True)))


def test_weights_of_the_hub_are_taken_from_its_cache(tmp_path, monkeypatch):
    revision = "0123456789abcdef0123456789abcdef01234567"
    root = tmp_path / "models--owner--name"
    (root / "snapshots" / revision / "vae").mkdir(parents=True)
    save_kl(root / "snapshots" / revision / "vae")
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(revision)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    found = weights_at("hub:owner/name/vae")
    assert found.path == root / "snapshots" / revision / "vae"
    decoder = load_decoder(found, FAMILIES["sd-v1"], CPU, "auto")
    assert decoder.weights.startswith("owner/name/vae@sha256:")


@pytest.mark.parametrize("reference", ["hub:", "hub:name", "hub:owner/name@", "hub:../../etc"])
def test_what_is_no_name_on_the_hub_is_refused(reference):
    with pytest.raises(StartupError, match="hub:owner/name"):
        weights_at(reference)


def test_the_hash_tells_weights_apart_and_not_their_place(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        value = torch.zeros(3) if name == "c" else torch.ones(3)
        save_file({"x": value}, tmp_path / name / "model.safetensors")
    same, again, other = (identify("vae", tmp_path / name) for name in ("a", "b", "c"))
    assert same == again != other
    assert re.fullmatch(r"[\w .:@/+=-]{1,128}", same)


def test_float16_is_refused_where_it_is_known_to_overflow():
    sdxl, gpu = FAMILIES["sdxl"], torch.device("cuda")
    with pytest.raises(StartupError, match="overflows in float16"):
        choose_dtype("float16", gpu, sdxl, {"force_upcast": True})
    assert choose_dtype("float16", gpu, sdxl, {"force_upcast": False}) == torch.float16
    assert choose_dtype("bfloat16", gpu, sdxl, {"force_upcast": True}) == torch.bfloat16
    assert choose_dtype("auto", gpu, sdxl, {"force_upcast": True}) == torch.float32
    assert choose_dtype("auto", gpu, FAMILIES["flux"], {}) == torch.bfloat16
