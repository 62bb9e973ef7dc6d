"""Check that the models we write are valid ONNX, by ONNX's own checker and its shape inference.

    npx tsx test/oracles/onnx-models.ts /tmp/models
    pip install onnx && python test/oracles/onnx_models.py /tmp/models          (onnx 1.23.2)
"""

import sys
from pathlib import Path

import onnx

paths = sorted(Path(sys.argv[1]).glob("*.onnx"))
for path in paths:
    onnx.checker.check_model(onnx.load(path), full_check=True)
print(f"{len(paths)} models are valid, onnx {onnx.__version__}")
