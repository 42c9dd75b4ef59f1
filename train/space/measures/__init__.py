"""What a space is worth: examined on audio it was not trained on."""
