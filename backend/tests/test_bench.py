"""The benchmark runs on a CPU, with small sizes."""

import json

import bench
from tests.support.vaes import save_tiny


def test_decodes_are_measured_as_json_and_markdown(tmp_path, capsys):
    weights = str(save_tiny(tmp_path))
    sizes = ["--sizes", "64", "--batches", "1", "2", "--repeats", "1"]
    options = ["--weights", weights, "--device", "cpu", "--dtype", "float32", "--out", str(tmp_path / "out")]
    assert bench.main(["decode", *sizes, *options]) == 0
    result = json.loads((tmp_path / "out" / "decode.json").read_text())
    assert [(row["batch"], row["size"]) for row in result["rows"]] == [(1, "64x64"), (2, "64x64")]
    assert all(row["seconds"] > 0 for row in result["rows"])
    assert "| 64x64 | 2 | no |" in capsys.readouterr().out


def test_serving_is_measured_and_every_picture_compared(tmp_path, capsys):
    options = ["--size", "64", "--requests", "8", "--device", "cpu", "--weights", str(save_tiny(tmp_path))]
    assert bench.main(["serve", *options]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["largest_difference"] <= 1
    assert result["concurrent_per_s"] > 0
