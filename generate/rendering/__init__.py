"""From a collection of audio to image files: plan, clips, variants, tables, summary."""
