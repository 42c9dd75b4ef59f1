"""What turns dry audio into wet audio: circuits, captures, and where they are found."""
