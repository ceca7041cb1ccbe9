"""A clip to six images, ours and theirs: `python -m benchmarks.generation [--quick]`."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import ESC10, esc10_clips, met, on_one_core, paired_ms, ratio, seconds_inside, show

N_CLIPS, ROUNDS = 20, 3
TARGETS = {
    ("librosa + specshow", "librosa"): 16.0,
    ("librosa + Pillow", "librosa"): 7.0,
    ("pyrubberband + specshow", "rubberband"): 1.7,
}


def main() -> None:
    """Time, compare the images, and print both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generation", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    quick = parser.parse_args().quick
    on_one_core()
    clips = esc10_clips()[:: 400 // N_CLIPS][: 2 if quick else None]
    with tempfile.TemporaryDirectory() as folder:
        timing(clips, Path(folder), rounds=1 if quick else ROUNDS)
    row = closeness(esc10_clips()[:: 100 if quick else 10])
    show("Closeness to plain librosa (to reach: 0.5 on average, correlation 0.999)", [row], file_name="closeness.csv")


def timing(clips: list[Path], folder: Path, *, rounds: int) -> None:
    """Milliseconds a clip of each program, and ours against it."""
    from benchmarks import programs_to_beat as theirs
    from generate.workers.pool import keep_memory

    keep_memory()
    programs = {
        "librosa + specshow": (theirs.librosa_variants, theirs.save_by_specshow),
        "librosa + Pillow": (theirs.librosa_variants, theirs.save_by_pillow),
        "pyrubberband + specshow": (theirs.rubberband_variants, theirs.save_by_specshow),
    }

    def their_work(name: str) -> int:
        variants, save = programs[name]
        new = Path(tempfile.mkdtemp(dir=folder))
        for clip in clips:
            theirs.render_clip(clip, new, variants=variants, save=save)
        return len(clips)

    engines = {name: Ours(clips, folder / name, engine=name) for name in ("librosa", "rubberband")}
    works = {name: lambda name=name: their_work(name) for name in programs} | {
        name: engine.work for name, engine in engines.items()
    }
    ms = paired_ms(works, rounds=rounds)
    rows = []
    for (program, engine), target in TARGETS.items():
        reached = ratio(ms[program], ms[engine])
        rows.append(
            {
                "program to beat": program,
                "ms a clip": round(min(ms[program]), 1),
                "ours": f"--engine {engine}",
                "our ms a clip": round(min(ms[engine]), 1),
                "times as fast": round(reached, 1),
                "target": target,
                "reached": met(reached, target),
            }
        )
    show(f"Generation, {len(clips)} clips, 6 images each, one core", rows, file_name="generation.csv")
    show("A clip with --engine librosa, ms", engines["librosa"].profile(librosa_parts()), file_name="profile.csv")
    show(
        "A clip with --engine rubberband, ms",
        engines["rubberband"].profile(rubberband_parts()),
        file_name="profile_rubberband.csv",
    )


def librosa_parts() -> dict[str, list[tuple[object, str]]]:
    """Steps of a clip that are one library's, and our own kernels."""
    import cv2
    import soundfile
    import soxr
    from PIL import Image

    from augment_audio.dsp import fourier, phase_vocoder
    from generate.dataset import png
    from generate.features import mel, sparse

    kernels = [(phase_vocoder, name) for name in ("_analyse", "_synthesise", "_overlap_add")]
    kernels += [(fourier, "_cut"), (fourier, "_powers"), (sparse, "multiply"), (cv2, "transpose")]
    return {
        "Fourier transforms (OpenCV)": [(cv2, "dft")],
        "decoding Ogg (libsndfile)": [(soundfile.SoundFile, "__init__"), (soundfile.SoundFile, "read")],
        "resampling for two pitches (soxr)": [(soxr, "resample")],
        "six PNGs (zlib-ng) and their files": [(png, "write")],
        "224 x 224 pixels (Pillow)": [(Image.Image, "resize")],
        "decibels (numpy)": [(mel, "to_decibels")],
        "frames, phases, powers, mel bands (numba)": kernels,
    }


def rubberband_parts() -> dict[str, list[tuple[object, str]]]:
    """Rubber Band's own calls: 90 % is to reach."""
    from augment_audio.engines.rubberband import RubberBandSound

    return {"Rubber Band": [(RubberBandSound, "_process")]}


class Ours:
    """Our own way from a clip to its images, as a worker goes it."""

    def __init__(self, clips: list[Path], folder: Path, *, engine: str) -> None:
        import augment_audio
        from generate.dataset import png
        from generate.dataset.settings import Settings
        from generate.rendering.clip import Front, Job

        settings = Settings(engine=engine)
        requests = augment_audio.parse_requests(["paper"], augment_audio.VARIANTS, augment_audio.PRESETS)
        folder.mkdir()
        self.front = Front(
            ESC10, folder, settings, png.palette(settings.colormap), settings.fingerprint(engine_version="")
        )
        self.jobs = [
            Job(clip.stem, str(clip.relative_to(ESC10)), "class", "class", "1", clip.stem, 0.0, (None, *requests))
            for clip in clips
        ]

    def work(self) -> int:
        """Render all clips, into a new folder."""
        from generate.rendering.clip import render

        front = replace(self.front, images=Path(tempfile.mkdtemp(dir=self.front.images)))
        for job in self.jobs:
            render(job, front)
        return len(self.jobs)

    def profile(self, parts: Mapping[str, Iterable[tuple[object, str]]]) -> list[dict[str, object]]:
        """Milliseconds a clip that pass in each part, and in all that is between them."""
        with seconds_inside(parts) as seconds:
            began = time.perf_counter()
            n = self.work()
            whole = time.perf_counter() - began
        seconds["all else"] = whole - sum(seconds.values())
        return [
            {"part": part, "ms": round(1e3 * s / n, 1), "of the whole": f"{100 * s / whole:.0f} %"}
            for part, s in seconds.items()
        ]


def closeness(clips: list[Path]) -> dict[str, object]:
    """How far the fast engine's images are from plain librosa's, over all variants."""
    import librosa
    import numpy as np

    import augment_audio
    from benchmarks.programs_to_beat import SR, librosa_variants
    from generate.dataset.settings import Settings
    from generate.features.spectrogram import spectrogram_image

    settings = Settings(engine="librosa")
    differences, correlations = [], []
    for clip in clips:
        y, _ = librosa.load(clip, sr=SR)
        sound = augment_audio.open_audio(y, SR)
        plain = librosa_variants(y)
        for request in augment_audio.parse_requests(["paper"], augment_audio.VARIANTS, augment_audio.PRESETS):
            ours = augment_audio.make_variant(sound, request, augment_audio.VARIANTS, seed=0, clip_id="")
            a, b = (
                spectrogram_image(np.ascontiguousarray(z), settings).astype(float) for z in (ours, plain[request.name])
            )
            differences.append(np.abs(a - b).mean())
            correlations.append(
                np.corrcoef(a.ravel(), b.ravel())[0, 1] if a.std() and b.std() else float((a == b).all())
            )
    return {
        "clips": len(clips),
        "images": len(differences),
        "mean difference, grey levels": round(float(np.mean(differences)), 3),
        "worst image": round(float(np.max(differences)), 3),
        "worst correlation": round(float(np.min(correlations)), 5),
        "reached": "yes" if np.mean(differences) <= 0.5 and np.min(correlations) >= 0.999 else "NO",
    }


if __name__ == "__main__":
    main()
