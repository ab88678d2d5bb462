"""`python -m modal_local`: the command line of the local Modal."""

from __future__ import annotations

from modal_local.commands.main import main

if __name__ == "__main__":
    main()
