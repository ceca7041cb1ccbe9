"""One variant in one call."""

import numpy as np
import pytest

from augment_audio import VARIANTS, Variant, augment
from tests.augment_audio.conftest import make
from tests.conftest import SR, white


@pytest.mark.parametrize("text", ["pitch=+2", "stretch=0.7", "noise=20", "trim"])
def test_it_is_the_variant_that_the_command_makes(text):
    y = white(0.3).astype(np.float64)
    before = y.copy()
    made = augment(y, SR, text, engine="librosa", seed=1, clip_id="dog")
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, make(y, text, seed=1, clip_id="dog"))
    np.testing.assert_array_equal(y, before)


def test_variants_of_ones_own():
    own = VARIANTS | {"reverse": Variant(lambda sound: sound.y[::-1])}
    assert augment(np.arange(3), SR, "reverse", variants=own).tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="A variant must be one of .*Got 'reverse'"):
        augment(np.arange(3), SR, "reverse")
