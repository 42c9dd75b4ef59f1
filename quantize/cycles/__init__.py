"""What a model costs on a Cortex-M7: the engine built, traced and priced."""
