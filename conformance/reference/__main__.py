"""``python -m conformance.reference``."""

import sys

from conformance.reference.cli import main

sys.exit(main())
