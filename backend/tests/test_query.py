import pytest

from vae_backend.errors import Refused
from vae_backend.query import DecodeRequest, parse_query
from vae_backend.scaling import Scaling

LATENTS = [("shape", "1"), ("shape", "4"), ("shape", "64"), ("shape", "64"), ("dtype", "float16")]


def parsed(*extra: tuple[str, str]) -> DecodeRequest:
    return parse_query([*LATENTS, *extra])


def refusal(pairs: list[tuple[str, str]]) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        parse_query(pairs)
    return caught.value.status, caught.value.code


def test_shape_and_dtype_alone_mean_an_unscaled_jpeg():
    assert parsed() == DecodeRequest(shape=(1, 4, 64, 64), dtype="float16")


def test_everything_the_library_sends_is_read():
    request = parsed(
        ("image_format", "png"),
        ("output_type", "pt"),
        ("partial_postprocess", "True"),
        ("scaling_factor", "0.3611"),
        ("shift_factor", "0.1159"),
        ("height", "1024"),
        ("width", "768"),
    )
    assert request == DecodeRequest(
        shape=(1, 4, 64, 64),
        dtype="float16",
        output_type="pt",
        image_format="png",
        partial_postprocess=True,
        scaling=Scaling(factor=0.3611, shift=0.1159),
        height=1024,
        width=768,
    )


@pytest.mark.parametrize(
    "shape", [["1", "4", "64", "64"], ["[1,4,64,64]"], ["1,4,64,64"], ["[1, 4, 64, 64]"], ["1,4", "64,64"]]
)
def test_shape_is_read_repeated_and_as_a_list(shape):
    request = parse_query([("dtype", "float32"), *(("shape", part) for part in shape)])
    assert request.shape == (1, 4, 64, 64)


@pytest.mark.parametrize("shape", ["", "1,,4", "1.5", "-1", "a", "1e3", "٣", "9999999999", "[[1]]x"])
def test_a_shape_that_is_no_list_of_whole_numbers_is_refused(shape):
    assert refusal([("dtype", "float16"), ("shape", shape)])[0] == 400


def test_a_dimension_of_zero_is_refused():
    assert refusal([("dtype", "float16"), ("shape", "1,4,0,64")]) == (400, "shape-invalid")


def test_missing_shape_and_dtype_are_told_apart():
    assert refusal([("dtype", "float16")]) == (400, "shape-missing")
    assert refusal([("shape", "1,4,8,8")]) == (400, "dtype-missing")


@pytest.mark.parametrize("dtype", ["float64", "uint8", "int32", "FLOAT16", "half"])
def test_a_dtype_no_latents_have_is_refused(dtype):
    assert refusal([("shape", "1,4,8,8"), ("dtype", dtype)]) == (400, "dtype-unsupported")


@pytest.mark.parametrize(
    ("text", "value"), [("True", True), ("true", True), ("FALSE", False), ("False", False)]
)
def test_flags_are_read_in_any_case(text, value):
    assert parsed(("partial_postprocess", text)).partial_postprocess is value


def test_a_flag_that_is_neither_is_refused():
    assert refusal([*LATENTS, ("do_scaling", "yes")]) == (400, "query-invalid")


@pytest.mark.parametrize(
    ("pairs", "scaling"),
    [
        ([], Scaling()),
        ([("do_scaling", "False")], Scaling()),
        ([("do_scaling", "True")], Scaling(model=True)),
        ([("do_scaling", "true"), ("shift_factor", "0.5")], Scaling(model=True)),
        ([("shift_factor", "0.5")], Scaling()),
        ([("scaling_factor", "1e-05")], Scaling(factor=1e-05)),
        ([("scaling_factor", "0.5"), ("do_scaling", "True")], Scaling(factor=0.5)),
        ([("scaling_factor", "None"), ("do_scaling", "True")], Scaling(model=True)),
    ],
)
def test_scaling_factor_decides_where_given_else_do_scaling(pairs, scaling):
    assert parsed(*pairs).scaling == scaling


@pytest.mark.parametrize("number", ["0", "-0.0", "nan", "inf", "1e999", "abc", "0x10"])
def test_a_scaling_factor_nobody_can_divide_by_is_refused(number):
    assert refusal([*LATENTS, ("scaling_factor", number)]) == (400, "query-invalid")


@pytest.mark.parametrize(
    "pairs",
    [
        [("height", "512")],
        [("width", "512")],
        [("height", "0"), ("width", "512")],
        [("height", "tall"), ("width", "512")],
    ],
)
def test_a_size_without_both_sides_counts_as_absent(pairs):
    request = parsed(*pairs)
    assert (request.height, request.width) == (None, None)


def test_unknown_parameters_are_ignored():
    assert parsed(("input_tensor_type", "binary"), ("output_tensor_type", "binary"), ("key", "x")) == parsed()


def test_a_parameter_given_twice_with_different_values_is_refused():
    assert refusal([*LATENTS, ("output_type", "pt"), ("output_type", "pil")]) == (400, "query-invalid")
    assert parsed(("output_type", "pt"), ("output_type", "pt")).output_type == "pt"


@pytest.mark.parametrize("pair", [("output_type", "np"), ("image_format", "webp")])
def test_choices_outside_the_protocol_are_refused(pair):
    assert refusal([*LATENTS, pair]) == (400, "query-invalid")
