"""A clip to six pictures, ours and theirs: `python -m benchmarks.generation [--quick]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import ESC10, met, on_one_core, paired_ms, ratio, show

N_CLIPS, ROUNDS = 20, 3
TARGETS = {
    ("librosa + specshow", "librosa"): 16.0,
    ("librosa + Pillow", "librosa"): 7.0,
    ("pyrubberband + specshow", "rubberband"): 1.7,
}


def main() -> None:
    """Time, compare the pictures, and print both."""
    on_one_core()
    quick = "--quick" in sys.argv
    clips = sorted(ESC10.rglob("*.ogg"))[:: 400 // N_CLIPS][: 2 if quick else None]
    with tempfile.TemporaryDirectory() as folder:
        timing(clips, Path(folder), rounds=1 if quick else ROUNDS)
    row = closeness(sorted(ESC10.rglob("*.ogg"))[:: 100 if quick else 10])
    show("Closeness to plain librosa (to reach: 0.5 on average, correlation 0.999)", [row], file_name="closeness.csv")


def timing(clips: list[Path], folder: Path, *, rounds: int) -> None:
    """Milliseconds a clip of each program, and ours against it."""
    from benchmarks import programs_to_beat as theirs
    from generate.workers import keep_memory

    keep_memory()
    (folder / "theirs").mkdir()
    programs = {
        "librosa + specshow": (theirs.librosa_variants, theirs.save_by_specshow),
        "librosa + Pillow": (theirs.librosa_variants, theirs.save_by_pillow),
        "pyrubberband + specshow": (theirs.rubberband_variants, theirs.save_by_specshow),
    }

    def their_work(name: str) -> int:
        variants, save = programs[name]
        for clip in clips:
            theirs.render_clip(clip, folder / "theirs", variants=variants, save=save)
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
    show(f"Generation, {len(clips)} clips, 6 pictures each, one core", rows, file_name="generation.csv")
    share = engines["rubberband"].rubberband_share()
    print(f"Rubber Band itself takes {100 * share:.0f} % of our time with it (to reach: 90 %).")


class Ours:
    """Our own way from a clip to its pictures, as a worker goes it."""

    def __init__(self, clips: list[Path], folder: Path, *, engine: str) -> None:
        import augment_audio
        from generate import png
        from generate.render import Front, Job
        from generate.settings import Settings

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
        """Render all clips."""
        from generate.render import render

        for job in self.jobs:
            render(job, self.front)
        return len(self.jobs)

    def rubberband_share(self) -> float:
        """Part of the time that passes in Rubber Band's own calls."""
        from augment_audio.rubberband_engine import RubberBandSound

        process, inside = RubberBandSound._process, 0.0

        def timed(sound: RubberBandSound, **options: float) -> object:
            nonlocal inside
            began = time.perf_counter()
            y = process(sound, **options)
            inside += time.perf_counter() - began
            return y

        RubberBandSound._process = timed
        try:
            began = time.perf_counter()
            self.work()
            return inside / (time.perf_counter() - began)
        finally:
            RubberBandSound._process = process


def closeness(clips: list[Path]) -> dict[str, object]:
    """How far the fast engine's pictures are from plain librosa's, over all variants."""
    import librosa
    import numpy as np

    import augment_audio
    from benchmarks.programs_to_beat import SR, librosa_variants
    from generate.settings import Settings
    from generate.spectrogram import levels

    settings = Settings(engine="librosa")
    differences, correlations = [], []
    for clip in clips:
        y, _ = librosa.load(clip, sr=SR)
        sound = augment_audio.open_sound(y, SR)
        plain = librosa_variants(y)
        for request in augment_audio.parse_requests(["paper"], augment_audio.VARIANTS, augment_audio.PRESETS):
            ours = augment_audio.make_variant(sound, request, augment_audio.VARIANTS, seed=0, clip_id="")
            a, b = (levels(np.ascontiguousarray(z), settings).astype(float) for z in (ours, plain[request.name]))
            differences.append(np.abs(a - b).mean())
            correlations.append(
                np.corrcoef(a.ravel(), b.ravel())[0, 1] if a.std() and b.std() else float((a == b).all())
            )
    return {
        "clips": len(clips),
        "pictures": len(differences),
        "mean difference, grey levels": round(float(np.mean(differences)), 3),
        "worst picture": round(float(np.max(differences)), 3),
        "worst correlation": round(float(np.min(correlations)), 5),
        "reached": "yes" if np.mean(differences) <= 0.5 and np.min(correlations) >= 0.999 else "NO",
    }


if __name__ == "__main__":
    main()
