"""Installs the official Python Meta-World into a virtual environment at the root of the repository, once.

    python3 bench/envs/setup_peer.py [version of MuJoCo]

Without an argument: MuJoCo 3.3.0, which Meta-World 3.1.1 pins, in `.venv/envs`. With one: that version, in
`.venv/envs-<version>`. Prints, as its last line, the interpreter that runs `peer.py`; returns at once if the pinned
versions are already there. About 400 MB on disk.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from python_environment import provide

PINNED = "3.3.0"


def setup(engine: str = PINNED) -> Path:
    name = "envs" if engine == PINNED else f"envs-{engine}"
    requirements = (HERE / "requirements.txt").read_text() + f"mujoco=={engine}\n"
    return provide(name, "Python Meta-World", requirements, "import metaworld, mujoco", ["--no-deps"])


if __name__ == "__main__":
    print(setup(*sys.argv[1:2]))
