"""Whether the models we write are valid ONNX, by ONNX's own checker and its shape inference.

    npx tsx test/oracles/onnx-models.ts /tmp/models
    pip install onnx && python test/oracles/onnx_models.py /tmp/models          (onnx 1.23.2)

Every model must pass the full check, and every output's declared type and shape must be what strict inference finds,
where it finds one: it does not count the rounds of loops.
"""

import copy
import sys
from pathlib import Path

import onnx



def agrees(found, expected) -> bool:
    """Whether an inferred type, which may leave axes open, is the declared one."""
    if found.elem_type != expected.elem_type or not found.HasField("shape"):
        return found.elem_type == expected.elem_type
    axes = [(axis.HasField("dim_value"), axis.dim_value) for axis in found.shape.dim]
    declared = [axis.dim_value for axis in expected.shape.dim]
    return len(axes) == len(declared) and all(size == d or not known for (known, size), d in zip(axes, declared))


paths = sorted(Path(sys.argv[1]).glob("*.onnx"))
for path in paths:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    declared = {output.name: output.type.tensor_type for output in map(copy.deepcopy, model.graph.output)}
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in declared)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    for output in inferred.graph.output:
        if not agrees(output.type.tensor_type, declared[output.name]):
            raise ValueError(
                f"{path.name}: {output.name} is declared {declared[output.name]}, inferred {output.type.tensor_type}"
            )
print(f"{len(paths)} models are valid, onnx {onnx.__version__}")
