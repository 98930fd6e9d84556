import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.support.vaes import CPU, random_tiny, save_hunyuan, save_kl, save_tiny, save_wan, sequential_keys
from vae_backend.device import choose_device
from vae_backend.errors import StartupError
from vae_backend.families import FAMILIES
from vae_backend.scaling import Scaling
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at
from vae_backend.weights.tiny_keys import network_state

SD = FAMILIES["sd-v1"]
LATENTS = torch.randn(2, 4, 6, 5, generator=torch.Generator().manual_seed(3))


def load(path: Path, model: str = "sd-v1"):
    return load_decoder(weights_at(path), FAMILIES[model], CPU, "auto")


def failure(path: Path, model: str = "sd-v1") -> str:
    with pytest.raises(StartupError) as caught:
        load(path, model)
    return str(caught.value)


def test_every_key_style_of_a_tiny_vae_decodes_alike(tmp_path):
    vae = random_tiny()
    published = sequential_keys(vae)
    styles = {
        "published": published,
        "published-prefixed": {f"decoder.{key}": value for key, value in published.items()},
        "diffusers": vae.state_dict(),
        "diffusers-bare": vae.decoder.state_dict(),
    }
    with torch.inference_mode():
        expected = vae.decode(LATENTS).sample
    for name, state in styles.items():
        save_file(dict(state), tmp_path / f"{name}.safetensors")
        decoder = load(tmp_path / f"{name}.safetensors")
        assert decoder.kind == "AutoencoderTiny"
        assert (decoder.spatial, decoder.temporal) == (8, 1)
        assert torch.allclose(decoder.decode(LATENTS, Scaling(model=True)), expected, atol=1e-5), name


def test_a_diffusers_folder_and_a_published_file_of_one_tiny_vae_decode_identically(tmp_path):
    random_tiny().save_pretrained(tmp_path / "folder")
    save_file(sequential_keys(random_tiny()), tmp_path / "decoder.safetensors")
    one, other = load(tmp_path / "folder"), load(tmp_path)
    assert torch.equal(one.decode(LATENTS, Scaling()), other.decode(LATENTS, Scaling()))


def test_key_translation_shifts_indices_past_the_clamp():
    state = network_state(
        {"1.weight": 1, "10.conv.0.bias": 2, "19.bias": 3, "encoder.0.weight": 4}, "decoder"
    )
    assert state == {"layers.0.weight": 1, "layers.9.conv.0.bias": 2, "layers.18.bias": 3}


@pytest.mark.parametrize(
    "keys", [[], ["0.weight"], ["conv_in.weight"], ["2.weight"], ["1.weight", "layers.0.weight"]]
)
def test_keys_of_anything_else_are_refused(keys):
    with pytest.raises(StartupError):
        network_state(dict.fromkeys(keys), "decoder")


def test_a_tiny_decoder_with_a_tensor_missing_or_too_many_is_refused(tmp_path):
    state = sequential_keys(random_tiny())
    save_file(state | {"20.weight": torch.zeros(1)}, tmp_path / "more.safetensors")
    state.pop("10.conv.2.bias")
    save_file(state, tmp_path / "less.safetensors")
    assert "cannot load" in failure(tmp_path / "more.safetensors")
    assert "cannot load" in failure(tmp_path / "less.safetensors")


def test_weights_of_another_family_are_refused(tmp_path):
    assert "4 channels, flux has 16" in failure(save_tiny(tmp_path), "flux")


@pytest.mark.parametrize("path", ["nowhere", "stabilityai/sd-vae-ft-mse"])
def test_weights_that_are_not_here_are_never_looked_for_elsewhere(path):
    assert "nothing is downloaded" in failure(Path(path))


def test_pickles_and_empty_folders_are_refused(tmp_path):
    (tmp_path / "taesd_decoder.pth").write_bytes(b"x")
    assert ".safetensors" in failure(tmp_path / "taesd_decoder.pth")
    assert "expected config.json or decoder.safetensors" in failure(tmp_path)


def test_a_broken_file_is_one_sentence(tmp_path):
    (tmp_path / "decoder.safetensors").write_bytes(b"not safetensors")
    assert "cannot load" in failure(tmp_path)


def test_a_folder_whose_class_is_unknown_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "UNet2DConditionModel"}))
    assert "names no VAE class" in failure(tmp_path)


def test_a_folder_with_tensors_missing_is_refused_and_not_filled_with_noise(tmp_path):
    folder = save_kl(tmp_path)
    file = folder / "diffusion_pytorch_model.safetensors"
    state = load_file(file)
    state.pop("decoder.conv_in.weight")
    save_file(state, file, metadata={"format": "pt"})
    assert "lack 1 tensors" in failure(folder)


def test_a_picture_vae_is_refused_for_a_video_family(tmp_path):
    assert "cannot decode" in failure(save_kl(tmp_path, channels=16), "hunyuan-video")


def test_a_full_vae_scales_by_its_own_config(tmp_path):
    decoder = load(save_kl(tmp_path, scaling_factor=0.5, shift_factor=0.25))
    assert (decoder.kind, decoder.spatial, decoder.temporal) == ("AutoencoderKL", 8, 1)
    own = decoder.decode(LATENTS, Scaling(model=True))
    assert own.shape == (2, 3, 48, 40)
    assert torch.equal(own, decoder.decode(LATENTS, Scaling(factor=0.5, shift=0.25)))
    assert torch.equal(own, decoder.decode(LATENTS / 0.5 + 0.25, Scaling()))


def test_a_full_vae_whose_config_is_silent_scales_as_its_family_does(tmp_path):
    folder = save_kl(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config.pop("scaling_factor")
    (folder / "config.json").write_text(json.dumps(config))
    decoder = load(folder, "sdxl")
    assert torch.equal(
        decoder.decode(LATENTS, Scaling(model=True)), decoder.decode(LATENTS, Scaling(factor=0.13025))
    )


@pytest.mark.parametrize(("save", "model"), [(save_hunyuan, "hunyuan-video"), (save_wan, "wan-2.1")])
def test_video_vaes_tell_their_ratios_by_decoding(tmp_path, save, model):
    decoder = load(save(tmp_path), model)
    assert (decoder.spatial, decoder.temporal) == (8, 4)
    pixels = decoder.decode(torch.zeros(1, 16, 3, 4, 6), Scaling(model=True))
    assert pixels.shape == (1, 3, 9, 32, 48)


def test_wan_scales_by_the_mean_and_std_of_its_class(tmp_path):
    decoder = load(save_wan(tmp_path), "wan-2.1")
    latents = torch.randn(1, 16, 2, 4, 4, generator=torch.Generator().manual_seed(5))
    config = json.loads((tmp_path / "config.json").read_text())
    mean, std = (torch.tensor(config[key]).view(1, -1, 1, 1, 1) for key in ("latents_mean", "latents_std"))
    assert torch.equal(
        decoder.decode(latents, Scaling(model=True)), decoder.decode(latents * std + mean, Scaling())
    )


def test_dtype_auto_is_float32_on_a_cpu_and_a_named_one_is_kept(tmp_path):
    save_tiny(tmp_path)
    assert load(tmp_path).dtype == torch.float32
    named = load_decoder(weights_at(tmp_path), SD, CPU, "bfloat16")
    assert named.dtype == torch.bfloat16
    assert named.decode(LATENTS, Scaling()).dtype == torch.bfloat16


def test_a_device_that_is_not_there_is_refused():
    for name in ("cuda:99", "tpu", "cuda:x"):
        with pytest.raises(StartupError):
            choose_device(name)
