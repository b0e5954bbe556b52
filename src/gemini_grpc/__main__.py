"""`python -m gemini_grpc` is the `gemini-grpc` command."""

import sys

from gemini_grpc.cli.main import main

sys.exit(main())
