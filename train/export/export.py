"""The main function of export: write a run as files of some formats, check each against the program, and keep it."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from generate.runtime.atomic_write import temporary_suffix, write_json, write_text_atomically
from generate.runtime.one_or_several import as_tuple
from train import backend
from train.export.about import metadata
from train.export.c_array import has_c_array, write_c_array
from train.export.clips import Clips, clips_of
from train.export.golden_set import TOLERANCE, UNLIKENESS_TOLERANCE, write_golden_set
from train.export.options import FORMATS, check_backend, check_formats
from train.export.own_folder import MANIFEST, check_folder, files_in, move_into_place, size_bytes
from train.export.parity import Parity, compare
from train.export.readme import readme_text
from train.export.runtimes import RUNNERS
from train.export.scripts import verify_script
from train.export.subject import Subject, subject_of
from train.export.training_clips import TrainingClips
from train.export.writers import write_file
from train.predict.windows import front_end
from train.report.report import read_report
from train.runs.run_folder import Run

EXPORT = "export"
"""Folder in the run's folder, with one for each format."""
CLIPS = "clips.csv"
"""Each clip that a file was checked with, with its class by the program and by the file."""


@dataclass(frozen=True)
class Exported:
    """One exported file.

    Parameters
    ----------
    format : str
    folder : Path
    file : Path
    megabytes : float
        Of the file.
    parity : Parity
    is_kept : bool
        False: it does not hold, and nothing was written.
    """

    format: str
    folder: Path
    file: Path
    megabytes: float
    parity: Parity
    is_kept: bool


def export_run(
    run: Run,
    *,
    formats: Sequence[str] = ("onnx",),
    input: str = "audio",
    quantize: str = "none",
    folds: Sequence[str] | None = None,
    output: Path | None = None,
    audio_folder: Path | None = None,
    force: bool = False,
    on_start: Callable[[Subject, Clips], None] | None = None,
) -> list[Exported]:
    """Export a run: `python -m train.export`.

    Parameters
    ----------
    run : Run
    formats : sequence of str
        Keys of `train.export.options.FORMATS`.
    input : {"audio", "image"}
        Samples, or images that are rendered elsewhere.
    quantize : {"none", "dynamic", "int8"}
        See `train.export.options.QUANTIZE`.
    folds : sequence of str, optional
        See `train.predict.fold_models.folds_to_average`.
    output : Path, optional
        Folder for a folder for each format; default: `EXPORT` in the run's folder.
    audio_folder : Path, optional
        Of the run's recordings; default: the one that the images' `settings.json` names, if it is in the project.
    force : bool
        Keep files that do not hold.
    on_start : callable, optional
        Called before the models are loaded.

    Returns
    -------
    list of Exported

    Raises
    ------
    FileNotFoundError, ValueError
        If a package, a model, the images or the recordings are missing, or the run cannot be exported so.
    """
    formats = as_tuple(formats)
    check_formats(formats, input=input, quantize=quantize, n_fft=front_end(run).settings.n_fft)
    backend.set_up()
    check_backend()
    subject = subject_of(run, folds=folds, input=input)
    clips = clips_of(subject, audio_folder=audio_folder)
    report = read_report(run.folder)
    suffix = ("" if quantize == "none" else f"-{quantize}") + ("" if input == "audio" else f"-{input}")
    folders = {name: (output or run.folder / EXPORT) / (name + suffix) for name in formats}
    for folder in folders.values():
        check_folder(folder)
    if on_start is not None:
        on_start(subject, clips)
    made = {name: folder.with_name(f".{folder.name}{temporary_suffix()}") for name, folder in folders.items()}
    about = metadata(subject, report) | {"quantize": quantize}
    training = TrainingClips(subject, clips.audio_folder) if quantize == "int8" else None
    try:
        for name, folder in made.items():
            folder.mkdir(parents=True)
            write_file(name, folder / FORMATS[name].file, subject, metadata=about, quantize=quantize, training=training)
        runners = {name: RUNNERS[name](folder / FORMATS[name].file) for name, folder in made.items()}
        compared = compare(subject, clips, runners)
        exported = []
        for name, folder in made.items():
            parity, file = compared[name].parity, FORMATS[name].file
            megabytes = round(size_bytes(folder / file) / 1e6, 3)
            content = about | {
                "format": name,
                "file": file,
                "megabytes": megabytes,
                "holds": parity.holds,
                "parity": asdict(parity),
                "tolerance": TOLERANCE[quantize],
                "unlikeness_tolerance": UNLIKENESS_TOLERANCE[quantize],
                "made_on": f"{platform.machine()}, {' '.join(_versions(name))}",
            }
            is_kept = parity.holds or force
            if is_kept:
                read = replace(clips, table=clips.table.loc[compared[name].clips.index])
                content["golden"] = write_golden_set(folder, subject, read, runners[name])
                compared[name].clips.to_csv(folder / CLIPS, index=False)
                _write_texts(folder, name, content, parity)
                move_into_place(folder, folders[name])
            exported.append(Exported(name, folders[name], folders[name] / file, megabytes, parity, is_kept))
        return exported
    finally:
        for folder in made.values():
            shutil.rmtree(folder, ignore_errors=True)


def _write_texts(folder: Path, name: str, content: dict, parity: Parity) -> None:
    """`verify.py`, the README, a C array and, last, `export.json`, which names all files."""
    if has_c_array(name, content):
        write_c_array(folder, content)
    write_text_atomically(folder / "verify.py", verify_script(name, content["file"]))
    write_text_atomically(folder / "README.md", readme_text(name, content, parity))
    write_json(folder / MANIFEST, content | {"files": sorted([*files_in(folder), MANIFEST])})


def _versions(name: str) -> list[str]:
    return [f"{package} {version(package)}" for package, _ in FORMATS[name].packages]
