"""What a space is trained on: pairs of dry and wet audio, their renders on disk, what is held out."""
