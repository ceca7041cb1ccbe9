"""How the accuracy changes when each stored variant is left out of training."""
