"""What a picture shows of a sound: one file a feature."""

from generate.features import gammatone, log, mel, mfcc

FEATURES = {
    "mel": mel.mel,
    "log": log.log,
    "mfcc": mfcc.mfcc,
    "gammatone": gammatone.gammatone,
}
"""Name to function `(y, settings) -> values`: y of shape=(n,) float32 at `settings.sr`; values of shape=(rows, frames)
float32 from 0 (the palette's dark end) to 1, low frequencies first."""
