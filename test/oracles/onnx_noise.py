"""An exported planner in onnxruntime for Python: any number of rows, noise given, drawn from a seed, or always the same.
Records test/fixtures/onnx-python.json, which test/onnx-rows.test.ts compares with ONNX Runtime in Node and in pages.

    pip install numpy onnxruntime
    npx sodp export assets/planners/drawer-open --out input.onnx --noise input     # likewise seed.onnx, fixed.onnx
    python test/oracles/onnx_noise.py <folder of the three files> test/fixtures/onnx-python.json
"""

import json
import sys

import numpy as np
import onnxruntime as ort

folder, out = sys.argv[1:]
H, A, S, T, O = 16, 4, 10, 2, 39  # horizon, action size, denoising steps, observations in, observation size


def session(name):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(f"{folder}/{name}.onnx", options)


def threefry(k0, k1, c0, c1):
    """Threefry-2x32-20 (Salmon et al. 2011), by numpy's own wrapping arithmetic."""
    with np.errstate(over="ignore"):
        k0, k1, x, y = (np.asarray(v, np.uint32) for v in (k0, k1, c0, c1))
        keys = [k0, k1, k0 ^ k1 ^ np.uint32(0x1BD11BDA)]
        x, y = x + keys[0], y + keys[1]
        for r in range(20):
            turn = np.uint32([13, 15, 26, 6, 17, 29, 16, 24][r % 8])
            x = x + y
            y = ((y << turn) | (y >> (np.uint32(32) - turn))) ^ x
            if r % 4 == 3:
                s = (r + 1) // 4
                x, y = x + keys[s % 3], y + keys[(s + 1) % 3] + np.uint32(s)
    return x, y


# known answers of the authors' library (Random123 1.14, kat_vectors)
assert [hex(int(w)) for w in threefry(0, 0, 0, 0)] == ["0x6b200159", "0x99ba4efe"]
ones = 0xFFFFFFFF
assert [hex(int(w)) for w in threefry(ones, ones, ones, ones)] == ["0x1cb996fc", "0xbb002be7"]


def normal(seed, row, shape, stream):
    pairs = np.arange((np.prod(shape) + 1) // 2, dtype=np.uint32)
    a, b = ((w >> np.uint32(9)) + 0.5 for w in threefry(seed, row, pairs, np.full_like(pairs, stream)))
    radius, angle = np.sqrt(-2 * np.log(a / 2**23)), 2 * np.pi * b / 2**23
    both = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()
    return both[: np.prod(shape)].reshape(shape).astype(np.float32)


def noise(seed, rows):
    start = np.stack([normal(seed, row, (H, A), 0) for row in range(rows)])
    steps = np.stack([normal(seed, row, (S, H, A), 1) for row in range(rows)], 1)
    return {"start": start, "noise": steps}


given, seeded, fixed = session("input"), session("seed"), session("fixed")
recorded = {}
for rows in (1, 3):
    state = np.sin(np.arange(rows * T * O)).reshape(rows, T, O).astype(np.float32)
    (truth,) = given.run(None, {"observations": state, **noise(7, rows)})
    (drawn,) = seeded.run(None, {"observations": state, "seed": np.array(7, np.int32)})
    (alone,) = fixed.run(None, {"observations": state})
    (zero,) = seeded.run(None, {"observations": state, "seed": np.array(0, np.int32)})
    assert truth.shape == (rows, 8, A)
    print(rows, "rows: seed against given noise", abs(truth - drawn).max(), "fixed against seed 0", abs(alone - zero).max())
    recorded[str(rows)] = {"seed 7": drawn.ravel().tolist(), "fixed": alone.ravel().tolist()}
recorded["normal"] = normal(7, 2, (5,), 1).tolist()
with open(out, "w") as file:
    json.dump({"onnxruntime": ort.__version__, **recorded}, file)
