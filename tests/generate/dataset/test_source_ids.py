from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.dataset.source_ids import unite_equal_audio
from tests.generate.dataset.rows import row


def table(*pairs, silent=False):
    rows = [row(recording=recording, audio_sha256=sha, silent=silent) for recording, sha in pairs]
    return pd.DataFrame(rows)


def test_equal_audio_shares_a_source_through_chains():
    united = unite_equal_audio(table(("d", "1"), ("b", "1"), ("b", "2"), ("c", "2"), ("e", "3"), ("a", "4")))
    assert united["source_id"].tolist() == ["b", "b", "b", "b", "e", "a"]
    assert united["recording"].tolist() == ["d", "b", "b", "c", "e", "a"]


def test_silence_unites_nothing():
    assert unite_equal_audio(table(("a", "1"), ("b", "1"), silent=True))["source_id"].tolist() == ["a", "b"]


def test_a_background_is_a_recording_of_the_collection_where_one_begins_with_the_same_audio():
    rows = table(("b", "1"), ("b", "1"), ("c", "2"), ("d", "3"))
    rows["background_source_id"] = ["", "background:night/x.wav", "background:night/y.wav", "background:night/z.wav"]
    rows["background_sha256"] = ["", "3", "9", "9"]
    united = unite_equal_audio(rows)
    assert united["source_id"].tolist() == ["b", "b", "c", "background:night/x.wav"]
    assert united["background_source_id"].tolist() == ["", "background:night/x.wav", *["background:night/y.wav"] * 2]
    pd.testing.assert_frame_equal(unite_equal_audio(united), united, check_dtype=False)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 9).map(str)), min_size=1), st.randoms())
def test_uniting_is_the_components_of_a_graph(pairs, random):
    """Against scipy: recordings and digests are vertices, rows are edges."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    recordings = sorted({recording for recording, _ in pairs})
    rows = [recordings.index(recording) for recording, _ in pairs]
    columns = [len(recordings) + int(sha) for _, sha in pairs]
    size = len(recordings) + 10
    _, component = connected_components(
        coo_matrix((np.ones(len(pairs)), (rows, columns)), (size, size)), directed=False
    )
    expected = {
        r: min(o for j, o in enumerate(recordings) if component[j] == component[i]) for i, r in enumerate(recordings)
    }
    shuffled = random.sample(pairs, len(pairs))
    united = unite_equal_audio(table(*shuffled))
    assert united["source_id"].tolist() == [expected[recording] for recording, _ in shuffled]
