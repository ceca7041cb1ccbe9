"""Transforms of images that training draws afresh in each epoch."""
