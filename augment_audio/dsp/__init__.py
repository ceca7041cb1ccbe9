"""Signal processing on arrays: the short-time Fourier transform and a phase vocoder, in compiled functions."""
