import pytest

from vae_backend.errors import Refused
from vae_backend.media import Answer, check_body_type, choose_answer
from vae_backend.query import DecodeRequest


def wish(output_type="pil", **more) -> DecodeRequest:
    return DecodeRequest(shape=(1, 4, 8, 8), dtype="float16", output_type=output_type, **more)


@pytest.mark.parametrize(
    ("request_", "accept", "video", "answer"),
    [
        (wish(), None, False, Answer("image/jpeg", "jpeg")),
        (wish(), "*/*", False, Answer("image/jpeg", "jpeg")),
        (wish(image_format="png"), "*/*", False, Answer("image/png", "png")),
        (wish(image_format="png"), "image/*", False, Answer("image/png", "png")),
        # Accept decides, the format in the query only settles ties.
        (wish(image_format="jpg"), "image/png", False, Answer("image/png", "png")),
        (wish(), "image/jpg", False, Answer("image/jpeg", "jpeg")),
        (wish(), "image/webp, image/png;q=0.5, */*;q=0.1", False, Answer("image/png", "png")),
        (wish(), "image/jpeg;q=0, */*", False, Answer("image/png", "png")),
        (wish(), "tensor/binary", False, Answer("tensor/binary", "unit")),
        (wish("pt"), "tensor/binary", False, Answer("tensor/binary", "signed")),
        (wish("pt"), None, False, Answer("tensor/binary", "signed")),
        (wish("pt", partial_postprocess=True), "*/*", False, Answer("tensor/binary", "uint8")),
        (wish("pt"), "application/octet-stream", False, Answer("application/octet-stream", "signed")),
        (wish("mp4"), "text/plain", True, Answer("text/plain", "mp4")),
        (wish("mp4"), "video/mp4", True, Answer("video/mp4", "mp4")),
        (wish("mp4"), None, True, Answer("video/mp4", "mp4")),
        (wish(), "tensor/binary", True, Answer("tensor/binary", "unit")),
        (wish(), "*/*", True, Answer("tensor/binary", "unit")),
        (wish("pt", partial_postprocess=True), "tensor/binary", True, Answer("tensor/binary", "uint8")),
    ],
)
def test_accept_chooses_among_what_the_output_type_offers(request_, accept, video, answer):
    assert choose_answer(request_, accept, video=video) == answer


@pytest.mark.parametrize(
    ("request_", "accept", "video", "status"),
    [
        (wish(), "application/json", False, 406),
        (wish(), "text/html, image/webp", False, 406),
        (wish("pt"), "image/png", False, 406),
        (wish(), "image/jpeg", True, 406),
        (wish("mp4"), "image/png", True, 406),
        (wish("pt"), "*/*;q=0", False, 406),
        (wish("mp4"), "video/mp4", False, 400),
    ],
)
def test_what_cannot_be_answered_is_refused(request_, accept, video, status):
    with pytest.raises(Refused) as caught:
        choose_answer(request_, accept, video=video)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "content_type", [None, "", "tensor/binary", "application/octet-stream", "Tensor/Binary; charset=x"]
)
def test_raw_bodies_are_taken_under_any_of_their_names(content_type):
    check_body_type(content_type)


@pytest.mark.parametrize("content_type", ["application/json", "tensor/base64", "image/png", "text/plain"])
def test_other_bodies_are_refused(content_type):
    with pytest.raises(Refused) as caught:
        check_body_type(content_type)
    assert caught.value.status == 415
