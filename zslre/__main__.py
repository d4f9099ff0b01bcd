"""`python -m zslre` is the same as `zslre`."""

import sys

from zslre.cli import main

if __name__ == "__main__":
    sys.exit(main())
