"""The panels, one TOML file each, and what firmware and docs are told of them."""
