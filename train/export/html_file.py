"""A run as one page that opens by a double click, without a network: the ONNX file and its runtime are inside."""

from __future__ import annotations

import base64
import gzip
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from generate.gallery.fill_page import STYLE, as_json
from train.export.onnx_file import write_onnx
from train.export.subject import Subject
from train.export.training_clips import TrainingClips
from train.export.web_runtime import web_runtime

PAGES = Path(__file__).resolve().parent / "pages"
TEMPLATE, MICROPHONE = PAGES / "classify.html", PAGES / "microphone.js"
_PLACE = re.compile(r"/\*([A-Z]+)\*/")
_MODEL = re.compile(rb'<script type="application/octet-stream" id="model">([A-Za-z0-9+/=]+)</script>')


def write_html(
    path: Path, subject: Subject, *, metadata: Mapping[str, object], quantize: str, training: TrainingClips | None
) -> None:
    """Write a page that classifies recordings in a browser.

    Parameters
    ----------
    path, subject, metadata, quantize, training
        See `train.export.onnx_file.write_onnx`, whose file is inside, with the image as a second output.
    """
    runtime = web_runtime()
    palette = subject.front.palette
    assert palette is not None  # `train.export.rendering` refuses planes
    with tempfile.TemporaryDirectory(prefix="export-") as temporary:
        model = Path(temporary, "model.onnx")
        write_onnx(model, subject, metadata=metadata, quantize=quantize, training=training, with_image=True)
        parts = {
            "STYLE": STYLE.read_text(encoding="utf-8"),
            "ABOUT": as_json(dict(metadata)),
            "PALETTE": as_json(palette.tolist()),
            "MICROPHONE": MICROPHONE.read_text(encoding="utf-8"),
            "MODEL": _packed(model.read_bytes()),
            "WASM": _packed(runtime.wasm),
            "LOADER": runtime.loader.replace("</script", "<\\/script"),
            "RUNTIME": runtime.script.replace("</script", "<\\/script"),
        }
    # In one pass: what is filled in may hold anything.
    page = _PLACE.sub(lambda place: parts[place[1]], TEMPLATE.read_text(encoding="utf-8"))
    path.write_text(page, encoding="utf-8", newline="")


def model_of(path: Path) -> bytes:
    """The ONNX file in a page.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = _MODEL.search(path.read_bytes())
    if found is None:
        raise ValueError(f"{str(path)!r} must be a page that `python -m train.export --format html` wrote.")
    return gzip.decompress(base64.b64decode(found[1]))


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()
