"""A page on which labels are reviewed by keyboard: one clip at a time, saved as `review.csv`."""
