"""Data sets of other programs: makes small ones with the real libraries, and opens what this package writes with them.

    python test/oracles/interchange.py make           # writes test/fixtures/interchange
    python test/oracles/interchange.py check          # exports with this package, opens and edits with the real libraries

Run from the repository root with lerobot[dataset] 0.6.1, minari[create] 0.5.4, h5py 3.16.0, hdf5plugin 7.0.0, zarr 3.4.2,
gymnasium[classic-control] 1.4.0, safetensors 0.8.0, tensorboard 2.21.0, onnxruntime 1.32.0, numpy 2.x. Every fixture comes with
expected.json: its episodes as this package must read them, in float32.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import interchange_check as checks  # noqa: E402
import interchange_edits as edits  # noqa: E402
import interchange_make as fixtures  # noqa: E402


def make():
    makers = {
        "lerobot": fixtures.make_lerobot,
        "lerobot-v2.1": fixtures.make_lerobot_v21,
        "minari": fixtures.make_minari,
        "d4rl": fixtures.make_d4rl,
        "npz": fixtures.make_npz,
        "robomimic": fixtures.make_robomimic,
        "zarr": fixtures.make_zarr,
    }
    for name, maker in makers.items():
        shutil.rmtree(fixtures.FIXTURES / name, ignore_errors=True)
        maker(fixtures.FIXTURES / name)


def check():
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        subprocess.run(["npx", "tsx", "test/oracles/interchange-export.ts", scratch, sys.executable], check=True)
        checks.check_parts(folder / "parts")
        print("parts: Minari and datasets read them as they were")
        for name in ["narrow", "wide"]:
            root = folder / name
            expected = json.loads((root / "expected.json").read_text())
            print(f"{name}: LeRobot reads {checks.check_lerobot(root / 'lerobot', expected)} numbers as they were,", end=" ")
            print(f"Minari {checks.check_minari(root / 'minari', expected)},", end=" ")
            print(f"h5py {checks.check_h5py(root / 'minari', expected)},", end=" ")
            print(f"safetensors {checks.check_safetensors(root / 'ours', expected)}")
        root = folder / "wide"
        expected = json.loads((root / "expected.json").read_text())
        print("episodes read again after LeRobot:", edits.edit_lerobot(root / "lerobot", expected, folder / "edits"))
        print("episodes read again after Minari:", edits.edit_minari(root / "minari", expected))
        others = folder / "others"
        print(f"TensorBoard reads {checks.check_tensorboard(others)} points as they were")
        print(f"onnxruntime acts as the planner does, to {checks.check_onnxruntime(others):.1e}")
        print(f"Gymnasium: {checks.check_gymnasium(others)} numbers through the bridge as they were")


{"make": make, "check": check}[sys.argv[1] if len(sys.argv) > 1 else "check"]()
