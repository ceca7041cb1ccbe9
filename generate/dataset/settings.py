"""Settings of the spectrogram images: their defaults and their validation."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from generate.dataset.constant_q import C1_HZ, check_octaves
from generate.dataset.planes import DELTAS, Plane, parse_planes, settle_planes
from generate.runtime.json_check import check_fields, check_own_fields
from generate.runtime.one_or_several import as_tuple

RENDERER = 7
"""Incremented when the same settings give other image files, so that old and new ones are never mixed."""

CHANNELS = ("auto", "mean", "left", "right", "loudest", "stereo")
"""How channels are combined; `auto` is the mean, or the loudest channel where they cancel each other; `stereo` keeps
two."""
PADS = {"silence": "silence", "repeat": "repetition", "random": "silence before and after, in random shares"}
"""What fills a shorter clip, and how it is called on the page."""
LONGS = ("first", "split")
DENOISE_DB = 12.0
"""By how much `--denoise` alone reduces noise: as the variant `denoise`."""
REFERENCES = ("peak", "full-scale")
MAX_SIDE_PX = 4096
MAX_FRAMES = 100_000
MAX_VALUES = 2**28
"""Samples of a clip, and values of its short-time Fourier transform: one gigabyte each."""


@dataclass(frozen=True)
class Settings:
    """How a clip becomes an image.

    Parameters
    ----------
    sr : int
        Sample rate in hertz that every clip is resampled to.
    channels : {"auto", "mean", "left", "right", "loudest", "stereo"}
        How several channels are combined: see `generate.audio.channels`. `stereo` keeps two, for `planes`.
    denoise_db : float
        By how many decibels noise is reduced before an image is rendered, from 1 to 100; 0: not.
    seconds : float
        Length of the image's time axis; shorter variants are padded, longer ones cut.
    pad : {"silence", "repeat", "random"}
        How a clip that is too short is filled: with silence after it, by repetition, or with silence before and after
        it, in shares that are random.
    long : {"first", "split"}
        What is used of a recording longer than `seconds`: its beginning, or consecutive pieces.
    variants : tuple of str
        Variants and presets, for `augment_audio.parse_requests`.
    class_variants : Mapping of str to tuple of str
        Other variants for some classes.
    variants_file : str
        Python file with variants of the user's own, or empty.
    engine : str
        For time stretching and pitch shifting: `auto`, or a key of `augment_audio.ENGINES`.
    feature : str
        A key of `generate.features.FEATURES`.
    n_bands : int
        Mel or gammatone bands.
    n_mfcc : int
        Coefficients of the feature `mfcc`.
    bins_per_octave : int
        Rows an octave of the feature `cqt`.
    n_fft, hop_length : int
        Analysis window and its step, in samples. Default: `default_n_fft(sr)`, and a quarter of the window.
    fmin_hz : float
        Lowest frequency. Default: 0; for `cqt`, which has none, that of `librosa.cqt`, the note C1.
    fmax_hz : float or None
        Highest frequency; None: half the sample rate.
    range_db : float
        Decibels between pixel values 0 and 255.
    reference : {"peak", "full-scale"}
        What pixel value 255 is: the clip's own peak, or a full-scale sine.
    planes : tuple of str
        What red, green and blue show: see `generate.dataset.planes`. Empty: images have one plane, in the colours of
        `colormap`; with `channels="stereo"`: left, right and mid.
    image_size : tuple of (int, int) or None
        Width and height in pixels; None: one pixel a frame and band ("native").
    colormap : str
        A matplotlib colour map, where there are no `planes`.
    seed : int
        Seed of the random variants, and of the place of short clips.
    """

    sr: int = 44100
    channels: str = "auto"
    denoise_db: float = 0.0
    seconds: float = 5.0
    pad: str = "silence"
    long: str = "first"
    variants: tuple[str, ...] = ("paper",)
    class_variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variants_file: str = ""
    engine: str = "auto"
    feature: str = "mel"
    n_bands: int = 128
    n_mfcc: int = 40
    bins_per_octave: int = 12
    n_fft: int = None  # type: ignore[assignment]  # settled at once, by the rate
    hop_length: int = None  # type: ignore[assignment]
    fmin_hz: float = None  # type: ignore[assignment]  # settled at once, by the feature
    fmax_hz: float | None = None
    range_db: float = 80.0
    reference: str = "peak"
    planes: tuple[str, ...] = ()
    image_size: tuple[int, int] | None = (224, 224)
    colormap: str = "magma"
    seed: int = 0

    def __post_init__(self) -> None:
        """Normalise and validate every value."""
        if self.fmin_hz is None:
            object.__setattr__(self, "fmin_hz", C1_HZ if self.feature == "cqt" else 0.0)
        object.__setattr__(self, "variants", as_tuple(self.variants))
        object.__setattr__(self, "planes", as_tuple(self.planes))
        # Or 3 and 3.0 would have two fingerprints.
        for name in ("seconds", "fmin_hz", "fmax_hz", "range_db", "denoise_db"):
            if type(getattr(self, name)) is int:
                object.__setattr__(self, name, float(getattr(self, name)))
        if isinstance(self.class_variants, Mapping):
            object.__setattr__(self, "class_variants", {k: as_tuple(v) for k, v in self.class_variants.items()})
        if isinstance(self.image_size, int):
            object.__setattr__(self, "image_size", (self.image_size, self.image_size))
        object.__setattr__(self, "image_size", as_tuple(self.image_size))
        check_own_fields(self)
        self._check_range("sr", 1000, 1_000_000, "hertz, such as 22050 or 44100")
        if self.n_fft is None:
            object.__setattr__(self, "n_fft", default_n_fft(self.sr))
        self._check_choice("channels", CHANNELS)
        if self.denoise_db != 0:
            self._check_range("denoise_db", 1, 100, "decibels, such as 12, or 0")
        self._check_range("seconds", 0.05, 600, "seconds, such as 5")
        self._check_choice("pad", tuple(PADS))
        self._check_choice("long", LONGS)
        self._check_range("n_bands", 8, 512, "bands, such as 64 or 128")
        self._check_range("n_mfcc", 2, 512, "coefficients, such as 40")
        self._check_range("bins_per_octave", 6, 96, "rows, such as 12 or 24")
        self._check_range("n_fft", 64, 65_536, "samples, such as 2048")
        if self.hop_length is None:
            object.__setattr__(self, "hop_length", int(self.n_fft) // 4)
        self._check_range("hop_length", 1, self.n_fft, "samples, at most n_fft, such as 512")
        self._check_range("range_db", 10, 200, "decibels, such as 80")
        self._check_choice("reference", REFERENCES)
        self._check_range("seed", 0, 2**63 - 1, "a whole number")
        if self.feature == "mfcc" and self.n_mfcc > self.n_bands:
            raise ValueError(
                f"n_mfcc must be at most n_bands ({self.n_bands}). Got {self.n_mfcc}. Lower it, or raise n_bands."
            )
        if not 0 <= self.fmin_hz < self.highest_hz <= self.sr / 2:
            raise ValueError(
                f"fmin_hz and fmax_hz must be 0 <= fmin_hz < fmax_hz <= {self.sr / 2:g} (half of sr). Got "
                f"{self.fmin_hz:g} and {self.highest_hz:g}. Change them, or raise sr."
            )
        if self.feature == "cqt":
            check_octaves(
                fmin_hz=self.fmin_hz,
                fmax_hz=self.highest_hz,
                bins_per_octave=self.bins_per_octave,
                seconds=self.seconds,
            )
        bin_hz = self.sr / self.n_fft
        if math.floor(self.highest_hz / bin_hz) <= math.ceil(self.fmin_hz / bin_hz):
            raise ValueError(
                f"fmin_hz to fmax_hz must span two bins of {bin_hz:g} Hz or more. Got {self.fmin_hz:g} to "
                f"{self.highest_hz:g} Hz. Widen the range, or raise n_fft."
            )
        if self.n_samples > MAX_FRAMES * self.hop_length:
            raise ValueError(
                f"An image must have at most {MAX_FRAMES:,} frames. Got {self.n_samples // self.hop_length:,} "
                f"({self.seconds:g} s at a hop of {self.hop_length} samples). Raise hop_length, or lower seconds."
            )
        n_values = max(self.n_samples, self.n_samples // self.hop_length * (self.n_fft // 2 + 1))
        if n_values > MAX_VALUES:
            raise ValueError(
                f"A clip must have at most {MAX_VALUES:,} values. Got {n_values:,} ({self.seconds:g} s at {self.sr:,} "
                f"Hz with n_fft {self.n_fft} and a hop of {self.hop_length}). Lower seconds, sr or n_fft, or raise "
                "hop_length."
            )
        if self.image_size is not None and not all(8 <= side <= MAX_SIDE_PX for side in self.image_size):
            raise ValueError(
                f"image_size must have sides of 8 to {MAX_SIDE_PX} pixels. Got {self.image_size[0]}x"
                f"{self.image_size[1]}. Give one such as 224 or 320x240."
            )
        check_fields(vars(self), type(self))  # whole numbers too
        if self.planes or self.channels == "stereo":
            self._settle_planes()

    def _settle_planes(self) -> None:
        """Those of channels need two channels, and two channels need planes."""
        settled = settle_planes(self.planes, channels=self.channels, feature=self.feature, n_fft=self.n_fft)
        for name, value in zip(("planes", "channels", "feature"), settled, strict=True):
            object.__setattr__(self, name, value)
        if len({of.n_fft for of in self.of_spectrograms}) > 1 and self.image_size is None:
            raise ValueError(
                f"planes must have one window where the image size is native, or their sizes differ. Got "
                f"{' '.join(self.planes)}. Give an --image-size."
            )

    def _check_range(self, name: str, low: float, high: float, expected: str) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{name} must be a number of {expected}. Got {value!r}.")
        if not low <= value <= high:
            raise ValueError(f"{name} must be {low:,} to {high:,} {expected}. Got {value:g}.")

    def _check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        if getattr(self, name) not in choices:
            raise ValueError(f"{name} must be one of {', '.join(choices)}. Got {getattr(self, name)!r}.")

    @property
    def highest_hz(self) -> float:
        """Upper end of the frequency axis in hertz."""
        return self.sr / 2 if self.fmax_hz is None else self.fmax_hz

    def of_plane(self, plane: Plane) -> Settings:
        """Settings of an image of one plane: without planes, with its window, and with the same overlap."""
        n_fft = plane.n_fft or self.n_fft
        hop_length = max(1, round(self.hop_length * n_fft / self.n_fft))
        channels = "auto" if self.channels == "stereo" else self.channels
        return replace(self, planes=(), channels=channels, n_fft=n_fft, hop_length=hop_length)

    @property
    def of_spectrograms(self) -> list[Settings]:
        """Settings of an image of each plane that is no derivative; without planes, these settings."""
        planes = [plane for plane in parse_planes(self.planes) if plane.name not in DELTAS] if self.planes else []
        return [self.of_plane(plane) for plane in planes] or [self]

    @property
    def of_first_plane(self) -> Settings:
        """Settings of an image that shows the first plane, of all channels; without planes, these settings."""
        return self.of_spectrograms[0]

    @property
    def shows_level(self) -> bool:
        """Whether images show how loud a clip is."""
        return self.reference == "full-scale"

    @property
    def n_samples(self) -> int:
        """Length of the time axis in samples."""
        return max(1, round(self.seconds * self.sr))

    def to_json(self) -> dict[str, object]:
        """The settings as plain values; `from_json` reads them back."""
        values = asdict(self)
        size = values.pop("image_size")
        # Only one of the two is used.
        del values["colormap" if self.planes else "planes"]
        planes = {"planes": list(self.planes)} if self.planes else {}
        return {**values, **planes, "variants": list(self.variants), "image_size": list(size) if size else "native"}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Settings:
        """Read what `to_json` returned; unknown and missing names are an error."""
        if values.get("image_size") == "native":
            values = {**values, "image_size": None}
        check_fields(values, cls, optional=("planes", "colormap"))
        return cls(**cast(dict[str, Any], values))  # `check_fields` has checked them

    def fingerprint(self, *, engine_version: str, variants_source: str = "") -> str:
        """Sixteen hexadecimal digits that differ where the images would differ.

        The list of variants is left out: an image does not depend on other images, so that a variant can be added to
        a folder later.

        Parameters
        ----------
        engine_version : str
            Of the engine for time stretching and pitch shifting.
        variants_source : str
            Text of the variants file.
        """
        values = self.to_json()
        for name in ("variants", "class_variants", "variants_file"):
            del values[name]
        values["fmax_hz"] = self.highest_hz
        values |= {"renderer": RENDERER, "engine_version": engine_version, "variants_source": variants_source}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def default_n_fft(sr: int) -> int:
    """The power of two that is nearest to 46 ms, which 2048 samples are at 44,100 Hz; at least 64.

    Such a window resolves the harmonics of a voice, and a quarter of it is short enough for consonants; a fixed 2048
    samples would be 256 ms at 8,000 Hz. Returns 512 at 8,000 and 11,025 Hz, 1024 at 16,000 and 22,050, 2048 at 32,000
    to 48,000, 4096 at 96,000.
    """
    return max(64, 2 ** round(math.log2(sr * 2048 / 44100)))
