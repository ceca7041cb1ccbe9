"""What an accuracy becomes where relatives of the test are trained on."""
