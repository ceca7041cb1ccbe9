"""What more recordings are worth: the accuracy with a part of them, overall and by class."""
