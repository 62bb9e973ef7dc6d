"""Virtual environments for the other side of a comparison: made once, under `.venv/` at the root of the repository."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def provide(name: str, who: str, requirements: str, check: str, options: list[str] = []) -> Path:
    """The interpreter of `.venv/<name>`, which is installed unless exactly these `requirements` already are there.

    requirements: the text of a requirements file, one package a line. check: a statement that must run in it.
    options: further options of `pip install`. Needs Python 3.11 or newer and the package index pip is set up with.
    """
    if sys.version_info < (3, 11):
        sys.exit(f"{who} needs Python 3.11 or newer, got {sys.version.split()[0]}.")
    environment = ROOT / ".venv" / name
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = environment / "installed.txt"  # written last, so an interrupted installation starts over
    if not (done.exists() and done.read_text() == requirements):
        shutil.rmtree(environment, ignore_errors=True)
        venv.create(environment, with_pip=True)
        packages = [line for line in requirements.splitlines() if line and not line.startswith("#")]
        pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", *options, *packages], check=True, stdout=sys.stderr)
        subprocess.run([str(python), "-c", check], check=True)
        done.write_text(requirements)
    return python
