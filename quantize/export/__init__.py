"""The integer model in other forms: a C array, a TensorFlow Lite file."""
