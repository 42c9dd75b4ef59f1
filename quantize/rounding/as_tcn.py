"""A float network as PyTorch's, to be tuned: the way back from `from_tcn`."""

from __future__ import annotations

from collections.abc import Iterator

from gritspace.quantize.network.network import Floats, Network
from gritspace.quantize.rounding.limits import UnsupportedNetwork
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig

TRAINABLE = ("tanh", "leaky_relu", "relu", "hardtanh")


def tcn_config(network: Network) -> TcnConfig:
    """Its shape. Raises UnsupportedNetwork for activations that PyTorch's networks here do not have."""
    arrays = []
    for array in network.arrays:
        kinds = {(layer.activation, layer.negative_slope, layer.gated) for layer in array.layers}
        if len(kinds) > 1 or not kinds <= {(k, s, g) for k, s, g in kinds if k in TRAINABLE}:
            raise UnsupportedNetwork(f"training knows arrays of one activation ({', '.join(TRAINABLE)}) only")
        activation, slope, gated = kinds.pop()
        arrays.append(
            LayerArrayConfig(
                array.channels,
                tuple(layer.weight.shape[2] for layer in array.layers),
                tuple(layer.dilation for layer in array.layers),
                activation=activation,
                negative_slope=slope,
                gated=gated,
                head_size=array.head_weight.shape[0],
                head_kernel_size=array.head_weight.shape[2],
            )
        )
    return TcnConfig(tuple(arrays), position_size=network.position_size, film_hidden=1)


def parameters(network: Network) -> Iterator[tuple[str, Floats]]:
    """A float network's numbers under the names its Tcn has for them."""
    for a, array in enumerate(network.arrays):
        yield f"arrays.{a}.rechannel.weight", array.rechannel[:, :, None]
        for i, layer in enumerate(array.layers):
            name = f"arrays.{a}.layers.{i}"
            yield f"{name}.conv.weight", layer.weight
            yield f"{name}.conv.bias", layer.bias
            yield f"{name}.mixin.weight", layer.mixin[:, None, None]
            yield f"{name}.residual.weight", layer.residual_weight[:, :, None]
            yield f"{name}.residual.bias", layer.residual_bias
        yield f"arrays.{a}.head.weight", array.head_weight
        yield f"arrays.{a}.head.bias", array.head_bias
