"""`python -m contrafact` is `contrafact`."""

from contrafact.cli import main

raise SystemExit(main())
