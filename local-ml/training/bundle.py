"""What goes into a bundle: ONNX export, base64 tensors."""
import base64
import datetime
import os

import numpy as np
import onnx
import torch

from bundle_files import seal, write_json  # noqa: F401

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OPSET = 16


def export(net, inputs, names, outputs, path, free=None):
    with torch.no_grad():
        torch.onnx.export(net.eval(), inputs, path, opset_version=OPSET, input_names=names, output_names=outputs,
                          dynamic_axes=free, do_constant_folding=True)
    model = onnx.load(path)
    for node in model.graph.node:
        node.doc_string = ""
    model.doc_string, model.graph.doc_string = "", ""
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return {"opset": OPSET, "ir": model.ir_version, "ops": sorted({n.op_type for n in model.graph.node})}


def tensor(array):
    a = np.ascontiguousarray(array)
    names = {"float32": "float32", "int32": "int32"}
    return {"dtype": names[str(a.dtype)], "shape": list(a.shape), "base64": base64.b64encode(a.tobytes()).decode()}


def numbers(array, digits=7):
    a = np.round(np.asarray(array, dtype=np.float64), digits)
    return a.tolist()


def today():
    return datetime.date.today().isoformat()
