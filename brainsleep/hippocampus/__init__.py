"""What a hippocampus stores of single images: short codes of hidden activity, with labels.

Activity is product-quantised, as in REMIND (Hayes et al. 2020, arXiv 1910.02509). Nights that
replay what is stored are in `brainsleep.dreams`.
"""

from .codebook import Codebook as Codebook
from .codebook import learn_codebook as learn_codebook
from .episode_memory import EpisodeMemory as EpisodeMemory
from .episode_memory import quota as quota
