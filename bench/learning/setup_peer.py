"""Installs the PyTorch contestant into `.venv/learning` at the root of the repository, once.

    python3 bench/learning/setup_peer.py

Prints, as its last line, the interpreter that runs `peer.py`; returns at once if the pinned versions are already there.
Needs Python 3.11 or newer and the package index pip is set up with. On Linux that index's PyTorch brings CUDA along
(about 5 GB on disk); pip's own PIP_EXTRA_INDEX_URL, pointed at PyTorch's CPU builds, makes the same pin far smaller.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from python_environment import provide

if __name__ == "__main__":
    requirements = (HERE / "requirements.txt").read_text()
    print(provide("learning", "The PyTorch contestant", requirements, "import torch, numpy, safetensors"))
