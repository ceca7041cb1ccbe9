"""Which stored variant helped which class: from runs with it and without it; the command is `train.ablate`."""
