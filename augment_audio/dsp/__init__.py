"""Signal processing on arrays: downmix, the short-time Fourier transform and a phase vocoder, the latter compiled."""
