"""Where a network looked: Grad-CAM and Integrated Gradients, as images and as sound."""
