"""Nights with dreams: NREM and REM by which a network keeps what it learned before.

In NREM, feedback weights from the outputs learn which hidden activity goes with each of today's
outputs. In REM, they shift the hidden activity that today's images evoke towards what was learned
on earlier days, and the output weights learn from errors.

The other kind of night, `replay`, replays what a hippocampus stored of single images.
"""

from .chains import changing_weights as changing_weights
from .chains import check_network as check_network
from .day_residue import ABLATIONS as ABLATIONS
from .day_residue import DayResidue as DayResidue
from .dream_memory import DreamMemory as DreamMemory
from .dream_night import DreamNight as DreamNight
from .dreaming import dream as dream
from .hidden_models import check_cells as check_cells
from .hidden_models import match_activity as match_activity
from .index_replay import IndexReplay as IndexReplay
from .replaying import replay as replay
