"""A LiteRT file as a C array with its header, for TensorFlow Lite Micro on a microcontroller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from generate.runtime.atomic_write import write_text_atomically
from train.data.decode import palette_of

SOURCE, HEADER = "model.c", "model.h"
_A_LINE = 32

_TEXT = """\
/* {run} for TensorFlow Lite Micro: {size:,} bytes.
   {accuracy}
   {licence}

   Input: float [1][{height}][{width}][3], 0 to 255: {pixels}, the highest
   frequency in the first row, as this program renders it. Output: float [1][{n}], the probabilities of model_classes.
   Operators for MicroMutableOpResolver<{n_operators}>: {operators}. */
#ifndef MODEL_H
#define MODEL_H
#ifdef __cplusplus
extern "C" {{
#endif
#define MODEL_HEIGHT {height}
#define MODEL_WIDTH {width}
#define MODEL_N_CLASSES {n}
#define MODEL_SIZE {size}
extern const unsigned char model[MODEL_SIZE]; /* on 16 bytes */
extern const char *const model_classes[MODEL_N_CLASSES]; /* UTF-8 */
extern const float model_thresholds[MODEL_N_CLASSES]; /* {below} */
{palette}#ifdef __cplusplus
}}
#endif
#endif
"""


def has_c_array(name: str, about: Mapping) -> bool:
    """Whether an export gets a C array: TensorFlow Lite Micro has no Fourier transform, so that images are its input.

    Parameters
    ----------
    name : str
        Of `train.export.options.FORMATS`.
    about : Mapping
        The content of `export.json`.
    """
    return name == "litert" and about["input"] == "image" and about["quantize"] == "int8"


def write_c_array(folder: Path, about: Mapping) -> None:
    """Write `SOURCE` and `HEADER` beside the LiteRT file.

    Parameters
    ----------
    folder : Path
        Of the export.
    about : Mapping
        The content of `export.json`.
    """
    content = (folder / about["file"]).read_bytes()
    classes, operators = about["classes"], operators_of(content)
    planes = about.get("planes", ())
    header = _TEXT.format(
        pixels=_comment(f"the planes {', '.join(planes)}")
        if planes
        else "model_palette of the pixel values of an image",
        palette="" if planes else "extern const unsigned char model_palette[256][3]; /* red, green, blue */\n",
        **{name: _comment(about[name]) for name in ("run", "accuracy", "licence")},
        height=about["height"],
        width=about["width"],
        n=len(classes),
        size=len(content),
        below="from it on the class is there; where it is 1, never"
        if about["multilabel"]
        else "below, and where it is 1, call the answer unsure",
        n_operators=len(operators),
        operators=", ".join(operators),
    )
    thresholds = (f"{about['thresholds'][name]:.6f}f" for name in classes)
    source = [
        f'#include "{HEADER}"',
        f"_Alignas(16) const unsigned char model[MODEL_SIZE] = {_list(map(str, content))};",
        f"const char *const model_classes[MODEL_N_CLASSES] = {_list(map(_string, classes))};",
        f"const float model_thresholds[MODEL_N_CLASSES] = {_list(thresholds)};",
    ]
    if not planes:
        palette = (f"{{{r}, {g}, {b}}}" for r, g, b in palette_of(about["colormap"]).tolist())
        source.append(f"const unsigned char model_palette[256][3] = {_list(palette)};")
    write_text_atomically(folder / HEADER, header)
    write_text_atomically(folder / SOURCE, "\n".join(source) + "\n")


def operators_of(content: bytes) -> list[str]:
    """Names of the operators of a LiteRT file, such as `CONV_2D`, each once, in order."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    codes = flatbuffer_utils.convert_bytearray_to_object(bytearray(content)).operatorCodes
    return sorted({names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in codes})


def _list(items: Iterable[str]) -> str:
    words = list(items)
    lines = (", ".join(words[k : k + _A_LINE]) for k in range(0, len(words), _A_LINE))
    return "{\n" + ",\n".join(lines) + "\n}"


def _string(text: str) -> str:
    """As a literal of C: what is not a plain letter by its bytes in octal digits."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in text.encode()) + '"'


def _comment(text: str) -> str:
    return " ".join(text.replace("*/", "* /").replace("\\", "/").split())
