"""onnxruntime-web: the runtime that a page holds, from npm, downloaded once."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

VERSION = "1.30.0"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
ADDRESS = f"https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"
FOLDER = "spectrogram-image-classification"
"""In the user's cache."""


@dataclass(frozen=True)
class WebRuntime:
    """The files of onnxruntime-web (MIT) that a page needs.

    Parameters
    ----------
    script, loader : str
        JavaScript: the library, and the module that starts the compiled part.
    wasm : bytes
        The compiled part.
    """

    script: str
    loader: str
    wasm: bytes


def web_runtime_file() -> Path:
    """Where the package is held, which need not be there yet."""
    import pooch

    return Path(pooch.os_cache(FOLDER), ADDRESS.rpartition("/")[2])


def web_runtime() -> WebRuntime:
    """Read the runtime, after downloading 33 MB where it is not there yet.

    Raises
    ------
    FileNotFoundError
        If it cannot be downloaded; the message says which file to put where.
    """
    import pooch

    path = web_runtime_file()
    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(ADDRESS, known_hash=f"sha256:{SHA256}", path=path.parent, fname=path.name)
    except Exception as error:
        why = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise FileNotFoundError(
            f"onnxruntime-web {VERSION} is not on this machine and cannot be downloaded ({why}). On a machine with a "
            f"network, fetch {ADDRESS}, and put the file into {path.parent}."
        ) from None
    with tarfile.open(path) as archive:

        def read(file: str) -> bytes:
            member = archive.extractfile(f"package/dist/{file}")
            assert member is not None  # the checksum is that of an archive that has it
            return member.read()

        return WebRuntime(
            read("ort.wasm.min.js").decode(),
            read("ort-wasm-simd-threaded.mjs").decode(),
            read("ort-wasm-simd-threaded.wasm"),
        )
