"""The pass: look, decide, act, look again. The only place that waits and retries.

It starts from nothing remembered. Within one run it remembers only what it did itself, so that a write which
succeeded but is not visible yet is waited for and never repeated. A write that ended unclearly is followed by
looks; it is done again only when the answer stays "absent". A write that was refused although the look said
"absent" ends the run.
"""

from castoff.reconcile.observer import PartState, StageState, observe, part_state
from castoff.reconcile.patience import Patience

__all__ = ["PartState", "Patience", "StageState", "observe", "part_state"]
