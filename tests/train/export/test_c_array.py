"""A LiteRT file as a C array, compiled and read back by a program in C."""

import shutil
import subprocess

import pytest

from train.data.decode import palette_of
from train.export.c_array import has_c_array, operators_of, write_c_array

PROGRAM = r"""
#include <stdio.h>
#include <stdint.h>
#include "model.h"
int main(void) {
  printf("%d %d %d %d %.3f %u\n", MODEL_HEIGHT, MODEL_WIDTH, MODEL_SIZE, (int)((uintptr_t)model % 16), model_thresholds[1],
         model_palette[255][2]);
  for (int k = 0; k < MODEL_N_CLASSES; k++) puts(model_classes[k]);
  return fwrite(model, 1, MODEL_SIZE, stdout) != MODEL_SIZE;
}
"""


@pytest.fixture
def content():
    """A small LiteRT file."""
    import tensorflow as tf

    function = tf.function(lambda x: tf.nn.softmax(tf.reduce_mean(x, axis=[1, 2])))
    concrete = function.get_concrete_function(tf.TensorSpec((1, 4, 6, 3), tf.float32))
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()


def test_the_array_is_the_file(content, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    classes = ['a "dog"?', "*/ Zaunkönig", "back\\slash"]
    about = {
        "file": "model.tflite",
        "run": "*/ no end",
        "accuracy": "90 %",
        "licence": "none\nof it",
        "height": 4,
        "width": 6,
        "classes": classes,
        "multilabel": False,
        "thresholds": dict(zip(classes, (0.5, 0.625, 1.0), strict=True)),
        "colormap": "magma",
    }
    (tmp_path / "model.tflite").write_bytes(content)
    write_c_array(tmp_path, about)
    (tmp_path / "main.c").write_text(PROGRAM)
    strict = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run([*strict, "main.c", "model.c", "-o", "main"], cwd=tmp_path, check=True)
    first, *names = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout.split(b"\n", 4)
    assert first.decode() == f"4 6 {len(content)} 0 0.625 {palette_of('magma')[255][2]}"
    assert [name.decode() for name in names[:3]] == classes and names[3] == content
    assert "call the answer unsure" in (tmp_path / "model.h").read_text()
    write_c_array(tmp_path, about | {"multilabel": True})
    assert "unsure" not in (text := (tmp_path / "model.h").read_text()) and "from it on the class is there" in text
    about_planes = {name: value for name, value in about.items() if name != "colormap"} | {"planes": ["mel", "delta"]}
    write_c_array(tmp_path, about_planes)
    subprocess.run([*strict, "-c", "model.c"], cwd=tmp_path, check=True)
    assert "0 to 255: the planes mel, delta, the highest" in (tmp_path / "model.h").read_text()
    assert "palette" not in (tmp_path / "model.h").read_text() + (tmp_path / "model.c").read_text()
    assert operators_of(content) == ["MEAN", "SOFTMAX"] and ": MEAN, SOFTMAX." in (tmp_path / "model.h").read_text()


def test_only_images_in_8_bits_get_one():
    assert has_c_array("litert", {"input": "image", "quantize": "int8"})
    assert not has_c_array("litert", {"input": "audio", "quantize": "int8"})
    assert not has_c_array("onnx", {"input": "image", "quantize": "int8"})
