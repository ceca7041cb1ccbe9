"""Where nets look in a picture, as pictures and as sounds; the command is `train.explain`."""
