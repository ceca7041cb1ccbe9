"""From an image folder to arrays: classes, folds, splits, decoded images in memory or on disk."""
