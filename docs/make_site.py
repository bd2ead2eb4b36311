"""Makes the documentation site: python docs/make_site.py [--no-execute] [sphinx options].

The site is in docs/_build/html. Notebooks that tests have not executed are executed, unless told
otherwise. A warning of Sphinx, a link that leads nowhere, and a public name that is on no page are
errors.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx_build

sys.path.insert(0, str(Path(__file__).parent))

from builder.checks import problems
from builder.staging import stage

DOCS = Path(__file__).resolve().parent


def main(argv: list[str] | None = None) -> int:
    """Build, check, and return the exit status."""
    parser = argparse.ArgumentParser(description="Make the documentation site.")
    parser.add_argument("--no-execute", action="store_true", help="leave notebooks as they are")
    arguments, others = parser.parse_known_args(argv)
    source, site = DOCS / "_build" / "source", DOCS / "_build" / "html"
    stage(source, execute=not arguments.no_execute)
    words = ["-c", DOCS, "-a", "-E", "-W", "--keep-going", "-q", "-j", "2", *others, source, site]
    status = sphinx_build([str(word) for word in words])
    if status == 0 and (found := problems(site)):
        print("\n".join(found), file=sys.stderr)
        return 1
    if status == 0:
        print(f"made {site / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
