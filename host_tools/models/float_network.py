"""The float network that a file's integer model was made of, or what its integers stand for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gritspace.host_tools.models.snapshot_files import is_snapshot_file, metadata_of
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.network import Network, from_tcn
from gritspace.quantize.rounding.dequantize import dequantize
from gritspace.train.snapshot.snapshot import load_snapshot


def float_network(path: Path, model: IntegerModel) -> Network:
    """model: what `ready_model` makes of the file, a snapshot."""
    if path.suffix.lower() == ".nam":
        file = read_nam(path)
        if model.metadata.get("submodel") in file.names:
            network = file.networks[file.names.index(model.metadata["submodel"])]
            return replace(network, metadata=model.metadata)
    if is_snapshot_file(path):
        snapshot = load_snapshot(path)
        return from_tcn(snapshot.tcn, metadata=metadata_of(snapshot))
    return dequantize(model)
