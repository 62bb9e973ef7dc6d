"""Writes src/base/fixtures/python.safetensors and checks that Python reads ours.

Run from the repository root with numpy 2.4.6 and safetensors 0.8.0: python test/oracles/safetensors_files.py
"""

import json
import struct
import subprocess
import tempfile

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

DTYPES = {
    "F64": np.float64,
    "I64": np.int64,
    "U64": np.uint64,
    "F32": np.float32,
    "I32": np.int32,
    "U32": np.uint32,
    "F16": np.float16,
    "I16": np.int16,
    "U16": np.uint16,
    "I8": np.int8,
    "U8": np.uint8,
    "BOOL": np.bool_,
}

tensors = {name: np.arange(6).reshape(2, 3).astype(dtype) for name, dtype in DTYPES.items()}
tensors["I64"] = np.array([-(2**63), 2**63 - 1])
tensors["U64"] = np.array([2**64 - 1], dtype=np.uint64)
tensors["nan"] = np.array([0x7FC12345, 0xFFC00001, 0x80000000], dtype=np.uint32).view(np.float32)
tensors["scalar"] = np.array(2.5)
tensors["empty"] = np.zeros((0, 3), dtype=np.float32)
tensors["naïve 名"] = np.array([1, 2, 3], dtype=np.uint8)
save_file(tensors, "src/base/fixtures/python.safetensors", metadata={"made by": "Python", "quote": '"'})

# Our writer copies that file; Python must read the copy as the same tensors, and accept its header.
with tempfile.NamedTemporaryFile(suffix=".safetensors") as ours:
    copy = f"""
    import {{ readTensors, writeTensors }} from "./src/base/safetensors.ts";
    const {{ tensors, metadata }} = await readTensors("src/base/fixtures/python.safetensors");
    await writeTensors({json.dumps(ours.name)}, tensors, metadata);
    """
    subprocess.run(["npx", "tsx", "--input-type=module", "--eval", copy], check=True)
    for name, array in load_file(ours.name).items():
        assert array.dtype == tensors[name].dtype and array.shape == tensors[name].shape, name
        assert array.tobytes() == tensors[name].tobytes(), name
    with safe_open(ours.name, "numpy") as file:
        assert sorted(file.keys()) == sorted(tensors)
        assert file.metadata()["made by"] == "Python" and len(file.metadata()["sha256"]) == 64
    with open(ours.name, "rb") as file:
        assert struct.unpack("<Q", file.read(8))[0] % 8 == 0
print("Python reads ours.")
