"""The benchmark runs on a CPU, with small sizes."""

import json

import pytest
import torch

import bench
from benchmarks.command import parse
from benchmarks.page import TARGETS, runs_for, write_page
from benchmarks.rows import Row
from tests.support.vaes import CPU, save_tiny


def test_decodes_are_measured_as_json_and_markdown(tmp_path, capsys):
    weights = str(save_tiny(tmp_path))
    sizes = ["--sizes", "64", "--batches", "1", "2", "--repeats", "1"]
    options = ["--weights", weights, "--device", "cpu", "--dtype", "float32", "--out", str(tmp_path / "out")]
    assert bench.main(["decode", *sizes, *options]) == 0
    result = json.loads((tmp_path / "out" / "decode.json").read_text())
    assert [(row["batch"], row["size"]) for row in result["rows"]] == [(1, "64x64"), (2, "64x64")]
    assert all(row["seconds"] > 0 for row in result["rows"])
    assert "| 64x64 | float32 | 2 | no | no |" in capsys.readouterr().out


def test_serving_is_measured_and_every_picture_compared(tmp_path, capsys):
    weights = str(save_tiny(tmp_path))
    options = ["--size", "64", "--requests", "8", "--rounds", "2", "--device", "cpu", "--weights", weights]
    assert bench.main(["serve", *options, "--plain"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["identical"], result["compared"], result["largest_difference"]) == (24, 24, 0)
    assert result["largest_difference_to_plain"] <= 1
    assert min(result[f"{name}_per_s"] for name in ("concurrent", "one_at_a_time", "plain")) > 0


def row(size, milliseconds, **changes):
    known = {"model": "sd-v1", "dtype": "float16", "batch": 1, "tile": None, "compiled": False}
    return Row(size=size, seconds=milliseconds / 1e3, memory_gb=1.0, megapixels_per_s=1.0, **known | changes)


def test_the_page_gets_its_tables_and_verdicts_and_keeps_the_rest(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- cuda: written by bench.py page -->\nold\n<!-- /cuda -->\nafter\n")
    rows = [row("512x512", 9.0), row("512x512", 7.0, compiled=True), row("1024x1024", 31.0)]
    write_page(page, torch.device("cuda"), "A GPU", rows)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("<!-- /cuda -->\nafter\n")
    assert "old" not in text
    assert "| 512x512 | float16 | 1 | no | yes | 7.0 ms |" in text
    assert "- sd-v1 512x512 float16: 7.0 ms, target 8 ms: reached" in text
    assert "- sd-v1 1024x1024 float16: 31.0 ms, target 30 ms: missed" in text
    with pytest.raises(SystemExit, match="no place"):
        write_page(page, CPU, "A CPU", rows)


def test_every_run_of_the_page_is_a_command_line_of_the_benchmark():
    for device in (CPU, torch.device("cuda")):
        assert all(parse(run).mode == "decode" for run in runs_for(device))
    assert {(kind, size) for kind, _, size in TARGETS} == {
        ("sd-v1", "512x512"),
        ("sd-v1", "1024x1024"),
        ("sdxl", "1024x1024"),
    }
