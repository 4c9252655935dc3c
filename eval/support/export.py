"""From the trained model to the file that is shipped: ONNX, matrices as int8 with a scale a row."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

from eval.support.encoder import OUTPUTS

_OPSET = 18
_SMALLEST_MATRIX = 10_000
_TOLERANCE = 1e-3


def export(model: "torch.nn.Module", target: Path) -> None:
    """Write `model` (see `build_encoder`) to `target`, at a quarter of its size.

    Only weights are rounded, symmetrically and for each output channel (each row of the word
    embeddings). Activations stay float32: rounding them too would make a score depend on the
    other rows of its batch.
    """
    import onnx
    import torch

    model.eval()
    ids = torch.arange(2000, 2024, dtype=torch.int64).reshape(2, 12)
    # Three tensors of their own: the exporter would take one that is passed twice as one input.
    mask = torch.ones((2, 12), dtype=torch.int64)
    types = torch.tensor([[0] * 6 + [1] * 6] * 2)
    plain = target.with_suffix(".float.onnx")
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    torch.onnx.export(
        model,
        (ids, mask, types),
        str(plain),
        input_names=list(inputs),
        output_names=list(OUTPUTS),
        opset_version=_OPSET,
        dynamic_shapes={
            name: {0: torch.export.Dim("pairs"), 1: torch.export.Dim("tokens", max=512)}
            for name in inputs
        },
        external_data=False,
        dynamo=True,
    )
    _check(model, plain, (ids, mask, types))
    graph = onnx.load(str(plain))
    _round_weights(graph)
    onnx.checker.check_model(graph)
    onnx.save(graph, str(target))
    plain.unlink()


def load_exported(model: "torch.nn.Module", path: Path) -> None:
    """Put the weights of an exported file back into `model`, to train it on.

    They come back as they were rounded, so the model then says what the file says.

    Raises:
        ValueError: the file was made of another model.
    """
    import onnx
    import torch

    graph = onnx.load(str(path)).graph
    values = _widened(graph)
    weights = {name: values[name] for name in model.state_dict() if name in values}
    bias_of = {
        node.input[0]: node.input[1]
        for node in graph.node
        if node.op_type == "Add" and node.input[1].endswith(".bias")
    }
    for node in graph.node:
        # The exporter writes a linear layer as a product with the transposed matrix, nameless.
        if node.op_type == "MatMul" and (bias := bias_of.get(node.output[0])):
            weights[bias.removesuffix("bias") + "weight"] = values[node.input[1]].T
    state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
    if missing := set(model.state_dict()) - set(state):
        raise ValueError(f"{path} lacks {min(missing)!r}: it was made of another model.")
    model.load_state_dict(state)


def _widened(graph: "onnx.GraphProto") -> dict[str, "np.ndarray"]:  # type: ignore[name-defined]  # noqa: F821
    """All constants of a graph, the rounded ones as float32."""
    from onnx import numpy_helper

    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            whole, scale = (values[name] for name in node.input[:2])
            axis = next(one.i for one in node.attribute if one.name == "axis")
            scale = scale[:, None] if axis == 0 else scale[None, :]
            values[node.output[0]] = whole.astype(np.float32) * scale
    return values


def _check(model: "torch.nn.Module", path: Path, inputs: tuple["torch.Tensor", ...]) -> None:
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    # Another width and other words than at export, so that nothing traced can pass for right.
    ids, mask, types = (tensor[:1, 1:].clone() for tensor in inputs)
    with torch.no_grad():
        expected = model(ids + 500, mask, types)
    found = session.run(
        None, dict(zip(names, [t.numpy() for t in (ids + 500, mask, types)], strict=True))
    )
    for name, one, other in zip(OUTPUTS, expected, found, strict=True):
        if not np.allclose(one.numpy(), other, atol=_TOLERANCE):
            raise ValueError(f"The exported model's {name!r} differs from the trained model's.")


def _round_weights(model: "onnx.ModelProto") -> None:  # type: ignore[name-defined]  # noqa: F821
    from onnx import helper, numpy_helper

    rounded, nodes = [], []
    embeddings = {node.input[0] for node in model.graph.node if node.op_type == "Gather"}
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.ndim != 2 or values.size < _SMALLEST_MATRIX or values.dtype != np.float32:
            continue
        axis = 0 if tensor.name in embeddings else 1
        scale = np.abs(values).max(axis=1 - axis) / 127 + 1e-12
        grid = scale[:, None] if axis == 0 else scale[None, :]
        whole = np.clip(np.rint(values / grid), -127, 127).astype(np.int8)
        name = tensor.name
        rounded += [
            numpy_helper.from_array(whole, f"{name}.int8"),
            numpy_helper.from_array(scale.astype(np.float32), f"{name}.scale"),
            numpy_helper.from_array(np.zeros(len(scale), np.int8), f"{name}.zero"),
        ]
        nodes.append(
            helper.make_node(
                "DequantizeLinear",
                [f"{name}.int8", f"{name}.scale", f"{name}.zero"],
                [name],
                axis=axis,
            )
        )
        model.graph.initializer.remove(tensor)
    model.graph.initializer.extend(rounded)
    everything = [*nodes, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(everything)
    for info in list(model.graph.value_info):
        if info.name in {node.output[0] for node in nodes}:
            model.graph.value_info.remove(info)
