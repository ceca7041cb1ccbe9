"""Signal processing on arrays: downmix, and in compiled functions the short-time Fourier transform and a phase vocoder."""
