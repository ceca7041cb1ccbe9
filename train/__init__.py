"""Stage two: image classifiers are trained on the pictures, and only figures that hold are printed."""
