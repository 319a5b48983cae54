"""The standard modules as a recorded program sees them, and their way into its namespaces and out again."""

from semalab.instrument.adoption import is_wanted, made_before
from semalab.instrument.namespace import Twins
from semalab.instrument.places import functions
from semalab.instrument.recorder import Made
from semalab.instrument.retired import kept
from semalab.instrument.swap import Swap
from semalab.instrument.unfound import refuse_replaced

__all__ = ["Made", "Swap", "Twins", "functions", "is_wanted", "kept", "made_before", "refuse_replaced"]
