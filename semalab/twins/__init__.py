"""The standard modules as a recorded program sees them, and their way into its namespaces and out again."""

from semalab.twins.adoption import is_wanted, made_before
from semalab.twins.kept import kept
from semalab.twins.makers import refuse_replaced
from semalab.twins.namespace import Twins
from semalab.twins.namespaces import functions
from semalab.twins.recorder import Made
from semalab.twins.swap import Swap

__all__ = ["Made", "Swap", "Twins", "functions", "is_wanted", "kept", "made_before", "refuse_replaced"]
