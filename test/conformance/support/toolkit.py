"""The manners of huggingface-inference-toolkit around the handler of `backend/huggingface`, for tests.

Types are matched letter by letter, one request is decoded at a time, the Accept header is looked at after the
decode, and whatever is raised, memory that has run out included, is a 400 with its text.

    python -m support.toolkit --model sd-v1 --weights FOLDER --port 8001 [--out-of-memory]
"""

import argparse
import asyncio
import base64
import importlib.util
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

BACKEND = Path(__file__).resolve().parents[3] / "backend"
HANDLER = BACKEND / "huggingface" / "handler.py"

DTYPES = {name: getattr(torch, name) for name in ("float16", "float32", "bfloat16", "uint8")}
PICTURES = {f"image/{name}": name.upper() for name in ("png", "jpeg", "jpg", "tiff", "bmp", "gif", "webp")}

Handler = Callable[[dict[str, Any]], Any]


def load_handler(folder: str) -> Handler:
    """As the toolkit does: the file by its path, the class with the folder of the repository."""
    sys.path.insert(0, str(BACKEND))
    spec = importlib.util.spec_from_file_location("handler", HANDLER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EndpointHandler(folder)


def out_of_memory(_: dict[str, Any]) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.25 GiB. GPU 0 has 1.10 GiB free.")


def convert(text: str) -> int | bool | str:
    """Whole numbers and booleans; a decimal or negative number stays text."""
    if text.isnumeric():
        return int(text)
    return text.lower() == "true" if text.lower() in ("true", "false") else text


def parameters_of(request: Request) -> dict[str, Any]:
    query = request.query_params
    lists = {key: [convert(value) for value in query.getlist(key)] for key in query}
    return {key: values[0] if len(values) == 1 else values for key, values in lists.items()}


def deserialize(content_type: str | None, body: bytes, parameters: dict[str, Any]) -> dict[str, Any]:
    """What the handler is called with."""
    if content_type in ("application/json", "application/json; charset=UTF-8"):
        data = json.loads(body)
        return data if not parameters else {"inputs": data, "parameters": parameters}
    if content_type in PICTURES:
        return {"inputs": Image.open(io.BytesIO(body)).convert("RGB"), "parameters": parameters}
    if content_type in ("tensor/binary", "tensor/base64"):
        raw = body if content_type == "tensor/binary" else base64.b64decode(json.loads(body)["inputs"])
        return {"inputs": tensor_from(raw, parameters), "parameters": parameters}
    raise ValueError(f'Content type "{content_type}" not supported.')


def tensor_from(raw: bytes, parameters: dict[str, Any]) -> torch.Tensor:
    if "dtype" not in parameters:
        raise ValueError("Expected `dtype` in query params.")
    if parameters["dtype"] not in DTYPES:
        raise ValueError(f"Supported `dtype`: {list(DTYPES)}. Got `{parameters['dtype']}`.")
    if "shape" not in parameters:
        raise ValueError("Expected `shape` in query params.")
    dtype = DTYPES[parameters.pop("dtype")]
    return torch.frombuffer(bytearray(raw), dtype=dtype).reshape(parameters.pop("shape"))


def serialize(accept: str | None, answer: Any) -> Response:
    if accept in PICTURES:
        buffer = io.BytesIO()
        answer.save(buffer, format=PICTURES[accept])
        return Response(buffer.getvalue(), media_type=accept)
    if accept == "text/plain":
        return PlainTextResponse(answer)
    if accept in ("tensor/binary", "tensor/base64"):
        if not isinstance(answer, torch.Tensor):
            raise ValueError(f"Can only serialize torch.Tensor, got {type(answer)}")
        shape, dtype = list(answer.shape), str(answer.dtype).removeprefix("torch.")
        raw = answer.contiguous().view(torch.uint8).numpy().tobytes()
        if accept == "tensor/binary":
            headers = {"shape": json.dumps(shape, separators=(",", ":")), "dtype": dtype}
            return Response(raw, media_type=accept, headers=headers)
        content = {"inputs": base64.b64encode(raw).decode(), "parameters": {"shape": shape, "dtype": dtype}}
        return Response(json.dumps(content), media_type=accept)
    if accept in (None, "*/*", "application/json"):
        return JSONResponse(answer)
    raise ValueError(f'Accept type "{accept}" not supported.')


def create_app(handler: Handler) -> Starlette:
    one_at_a_time = asyncio.Semaphore(1)

    async def predict(request: Request) -> Response:
        try:
            # Read before its turn, so whatever waits holds its body.
            body = await request.body()
            data = deserialize(request.headers.get("content-type"), body, parameters_of(request))
            async with one_at_a_time:
                answer = await asyncio.to_thread(handler, data)
            return serialize(request.headers.get("accept"), answer)
        except Exception as error:  # noqa: BLE001 - so it is there
            return JSONResponse({"error": str(error)}, status_code=400)

    async def health(_: Request) -> Response:
        return PlainTextResponse("Ok")

    get, post = {"methods": ["GET"]}, {"methods": ["POST"]}
    return Starlette(
        routes=[
            Route("/", predict, **post),
            Route("/predict", predict, **post),
            Route("/", health, **get),
            Route("/health", health, **get),
        ]
    )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--model", required=True)
    options.add_argument("--weights", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--out-of-memory", action="store_true", help="every decode finds none left")
    given = options.parse_args()
    os.environ["VAE_MODEL"] = given.model
    torch.set_num_threads(1)
    app = create_app(out_of_memory if given.out_of_memory else load_handler(given.weights))
    print(f"toolkit {given.model} on port {given.port}", flush=True)  # noqa: T201
    uvicorn.run(app, host="127.0.0.1", port=given.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
