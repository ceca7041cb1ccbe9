"""How often a sound of a class that a classifier does not know is named with confidence."""
