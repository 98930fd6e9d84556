"""What can go wrong, each with its status, translated to an answer in one place (`answers.refusal`).

A `Refused` carries a sentence that is safe to send. Anything else that escapes is a defect here: the
client learns only that, because exception texts can quote paths, addresses or payload.
"""

from typing import Final

STATUS: Final[dict[str, int]] = {
    # The caller's mistakes.
    "query-invalid": 400,
    "shape-missing": 400,
    "shape-invalid": 400,
    "dtype-missing": 400,
    "dtype-unsupported": 400,
    "latent-shape-mismatch": 400,
    "size-missing": 400,
    "output-type-unsupported": 400,
    "body-length": 400,
    "picture-invalid": 400,
    "not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "body-timeout": 408,
    "body-too-large": 413,
    "content-type-unsupported": 415,
    "decode-too-large": 422,
    "encode-unsupported": 422,
    # Nobody is left to read this one; it names the outcome for whatever sits in between.
    "client-gone": 499,
    # This backend's troubles. 503 says "the same request may succeed later or elsewhere".
    "internal": 500,
    "busy": 503,
    "device-lost": 503,
    "out-of-memory": 503,
}


class Refused(Exception):  # noqa: N818 - it is an answer rather than a failure
    """A request that gets an error answer. `code` is a key of `STATUS`, `sentence` goes to the client."""

    def __init__(self, code: str, sentence: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.status = STATUS[code]
        self.retry_after_s = retry_after_s


class StartupError(Exception):
    """Something an operator has to put right before the backend can serve. Shown as one line, exit code 2."""
