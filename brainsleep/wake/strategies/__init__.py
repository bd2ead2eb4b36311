"""Ways to learn several tasks without sleep: what sleep has to beat, and one control."""

from .centred import centre_rows
from .strategy import Strategy
from .strategy_registry import STRATEGIES, build_strategy

__all__ = ["STRATEGIES", "Strategy", "build_strategy", "centre_rows"]
