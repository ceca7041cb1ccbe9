"""What any program needs and no library gives: atomic writes, what systems do differently, exit codes, wording, memory.

Knows nothing of audio or images.
"""
