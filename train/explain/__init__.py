"""What the models of a run attend to: Grad-CAM and integrated gradients, as images and as audio."""
