"""One recipe to trained folds: preparation, batches, schedule, callbacks, cross-validation."""
