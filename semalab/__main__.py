"""`python -m semalab`: see `semalab.terminal`."""

import sys

from semalab.terminal import main

if __name__ == "__main__":
    sys.exit(main())
