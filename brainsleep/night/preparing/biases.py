"""What becomes of a network's biases during a night."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import ParameterError
from ...neurons import Neuron
from ...translation import Translation

#: What `brainsleep.sleep` takes for `biases`; its documentation says what each means.
BIASES = ("frozen", "learn", "ignore")


def check_learning(network: Translation, neuron: Neuron) -> None:
    """Check that a network's biases can learn.

    Parameters
    ----------
    network : Translation
        The layers, of which some may be frozen.
    neuron : Neuron
        Their model.

    Raises
    ------
    ParameterError
        If no layer that learns has a bias, if two share one, or if `bias_gain` has another unit
        than the gain.
    """
    users: dict[int, str] = {}
    state = network.module.state_dict()
    for layer in network.layers:
        for link in () if layer.name in network.frozen else layer.biases:
            assert link.weight_name is not None
            memory = state[link.weight_name].data_ptr()  # one parameter may have several names
            if memory in users:
                raise ParameterError(
                    f"biases: layers {users[memory]!r} and {layer.name!r} share "
                    f"{link.weight_name!r}, which cannot learn at both; give each layer its own, "
                    "or take biases='frozen'."
                )
            users[memory] = layer.name
    if not users:
        raise ParameterError(
            "biases: 'learn' needs a layer that learns and has a bias that is a parameter; there "
            "is none. Take biases='frozen', or give the network biases."
        )
    units = [getattr(neuron, f"{kind}_unit", None) for kind in ("gain", "constants")]
    if getattr(neuron, "bias_gain", None) is not None and units[0] != units[1]:
        raise ParameterError(
            f"biases: a bias that learns acts as a synapse, through the gain of "
            f"{type(neuron).__name__}, which has another unit than bias_gain; leave bias_gain out."
        )


def bias_factor(neuron: Neuron, layer: str, values: Mapping[str, float]) -> float:
    """Return by what a bias that learns counts more than the weights beside it.

    Parameters
    ----------
    neuron : Neuron
        The model; 1 unless it has a `bias_gain` of its own.
    layer : str
        The layer, for messages.
    values : mapping of str to float
        Its parameters.

    Raises
    ------
    ParameterError
        If the gain is 0, so that no factor on it makes a bias count.
    """
    if getattr(neuron, "bias_gain", None) is None:
        return 1.0
    if values["gain"] == 0:
        raise ParameterError(
            f"biases: layer {layer!r} has a gain of 0, through which a bias that learns acts, too; "
            "give it a gain above 0, or take biases='frozen'."
        )
    return values["bias_gain"] / values["gain"]
