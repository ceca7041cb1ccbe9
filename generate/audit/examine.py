"""Examine one clip: what a worker of the audit does."""

from __future__ import annotations

from augment_audio.dsp.downmix import downmix
from generate.audit.assess import measure
from generate.features.spectrogram import spectrogram_image
from generate.rendering.clip import Front, Job, open_clip
from generate.runtime.safe_names import printable


def examine(job: Job, front: Front) -> list[dict[str, object]]:
    """Decode one clip, render its image and measure it; nothing is written.

    Parameters
    ----------
    job : Job
    front : Front

    Returns
    -------
    list of dict
        One, with the columns of `generate.audit.assess.CLIP_COLUMNS` as `generate.rendering.clip.render` would find
        them, and `small`, an np.ndarray of shape=(32, columns), uint8.

    Raises
    ------
    BadAudio
        If the clip cannot be rendered; the message is the reason.
    """
    settings = front.settings.of_first_plane  # an image of one plane shows all that is checked
    _, loaded, _ = open_clip(job, front)
    y = downmix(loaded.y.T) if loaded.y.ndim == 2 else loaded.y
    measures = measure(spectrogram_image(y, settings, noise=loaded.noise), settings)
    row = {
        "clip_id": job.clip_id,
        "label": job.label,
        "fold": job.fold,
        "source_id": job.recording,
        "recording": job.recording,
        "seconds": round(len(y) / settings.sr, 3),
        "peak_dbfs": round(loaded.peak_dbfs, 2),
        "silent": loaded.silent,
        "dc_offset": round(loaded.dc_offset, 6),
        "channel": loaded.channel,
        "sample_rate_hz": loaded.sample_rate_hz,
        "audio_sha256": loaded.sha256,
        "audio_file": printable(job.path),
        "cutoff_hz": measures.cutoff_hz,
        "small": measures.small,
    }
    return [row]
