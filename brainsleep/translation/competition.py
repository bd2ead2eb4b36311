"""Layers whose neurons compete, and what cannot have them."""

from __future__ import annotations

from ..errors import TranslationError
from .translated_network import Translation


def refuse_winners(translation: Translation, where: str, hint: str) -> None:
    """Refuse a network in which only some neurons of a layer may be active at a time.

    Parameters
    ----------
    translation : Translation
        The network.
    where : str
        What cannot have such layers.
    hint : str
        What to do.

    Raises
    ------
    TranslationError
        Naming the first such layer.
    """
    for layer in translation.layers:
        if layer.winners is not None:
            raise TranslationError(
                f"layer {layer.name!r}: KWinners lets {layer.winners} of {layer.n_out} neurons be "
                f"active, which {where} cannot; {hint}."
            )
