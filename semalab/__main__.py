"""`python -m semalab`: see `semalab.terminal`."""

import sys

from semalab import __version__
from semalab.terminal import main

if __name__ == "__main__":
    sys.exit(main(version=__version__))
