"""Installs the PyTorch contestant into `.venv/learning` at the root of the repository, once.

    python3 bench/learning/setup_peer.py

Prints, as its last line, the interpreter that runs `peer.py`; returns at once if the pinned versions are already there.
Needs Python 3.11 or newer and the package index pip is set up with. On Linux that index's PyTorch brings CUDA along
(about 5 GB on disk); pip's own PIP_EXTRA_INDEX_URL, pointed at PyTorch's CPU builds, makes the same pin far smaller.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
ENVIRONMENT = HERE.parents[1] / ".venv" / "learning"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
DONE = ENVIRONMENT / "installed.txt"  # written last, so an interrupted installation starts over


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"The PyTorch contestant needs Python 3.11 or newer, got {sys.version.split()[0]}.")
    if not (DONE.exists() and DONE.read_text() == REQUIREMENTS.read_text()):
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        venv.create(ENVIRONMENT, with_pip=True)
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--requirement", str(REQUIREMENTS)], check=True, stdout=sys.stderr)
        subprocess.run([str(PYTHON), "-c", "import torch, numpy, safetensors"], check=True)
        DONE.write_text(REQUIREMENTS.read_text())
    print(PYTHON)


if __name__ == "__main__":
    main()
