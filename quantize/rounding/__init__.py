"""Float network -> integer model: calibration, scales, rounding, fine-tuning."""
