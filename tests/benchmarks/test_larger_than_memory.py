"""What is read from the disk takes no memory of its own, and gives the same batches."""

import sys

import pytest

from benchmarks.larger_than_memory import MB, NO_NET, train, write_images

N, SIDE_PX = 800, 224


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells the memory that is meant")
@pytest.mark.slow
def test_images_on_disk_are_not_in_memory(tmp_path):
    write_images(tmp_path / "images", N, SIDE_PX)
    memory = train(tmp_path / "images", "memory", NO_NET, SIDE_PX)
    disk = train(tmp_path / "images", "disk", NO_NET, SIDE_PX)
    assert memory["answers"] == disk["answers"], (memory, disk)
    pixels_mb = N * SIDE_PX**2 / MB
    assert (memory["anonymous_bytes"] - disk["anonymous_bytes"]) / MB > pixels_mb / 2
