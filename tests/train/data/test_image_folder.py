"""Images that are no longer those of a run are refused."""

from __future__ import annotations

import pytest

from train.data.image_folder import read_images, read_unchanged_images
from train.data.table_digest import table_sha256


def test_images_that_changed_since_a_run_began_are_refused(images):
    settings, table = read_images(images)
    began = {"fingerprint": settings["fingerprint"], "sha256": table_sha256(table)}
    assert read_unchanged_images(images, **began)[1].equals(table)
    with pytest.raises(ValueError, match="rendered with other settings since the run began .other then, "):
        read_unchanged_images(images, **began | {"fingerprint": "other"})
    with pytest.raises(ValueError, match="no longer those that the run began with"):
        read_unchanged_images(images, **began | {"sha256": table_sha256(table[1:])})
