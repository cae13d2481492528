"""Writes the ONNX graphs of onnx-exports.py as other tools lay them out: by hand, as their sources do."""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper


def sizes(config):
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return config.num_hidden_layers, heads, width


def slim(path):
    """Leaves out what describes nodes, and gives values short names: nothing may hang on them."""
    model = onnx.load(str(path))
    kept = {value.name for value in [*model.graph.input, *model.graph.output]} | {""}
    short = {}
    name = lambda old: old if old in kept else short.setdefault(old, f"v{len(short)}")
    for tensor in model.graph.initializer:
        tensor.name = name(tensor.name)
    for node in model.graph.node:
        assert all(attribute.type != onnx.AttributeProto.GRAPH for attribute in node.attribute)
        node.ClearField("name")
        node.input[:] = [name(value) for value in node.input]
        node.output[:] = [name(value) for value in node.output]
    model.ClearField("metadata_props")
    del model.graph.value_info[:]
    for item in [*model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output, model.graph]:
        item.ClearField("doc_string")
        if hasattr(item, "metadata_props"):
            del item.metadata_props[:]
    return model


def merged(fresh, with_past):
    """As optimum's merge_decoders: an If whose branches share their weights, by their bytes, in the graph around it."""
    shared, tensors = {}, []
    for graph in (fresh.graph, with_past.graph):
        names = {}
        for tensor in graph.initializer:
            key = (tensor.data_type, tuple(tensor.dims), numpy_helper.to_array(tensor).tobytes())
            if key not in shared:
                kept = onnx.TensorProto()
                kept.CopyFrom(tensor)
                kept.name = f"weight_{len(tensors)}"
                shared[key] = kept.name
                tensors.append(kept)
            names[tensor.name] = shared[key]
        del graph.initializer[:]
        for node in graph.node:
            node.input[:] = [names.get(name, name) for name in node.input]
    branches = [helper.make_graph(graph.node, name, [], graph.output) for graph, name in ((with_past.graph, "with_past"), (fresh.graph, "no_past"))]
    outputs = [output.name for output in fresh.graph.output]
    node = helper.make_node("If", ["use_cache_branch"], outputs, name="optimum::if", then_branch=branches[0], else_branch=branches[1])
    branch = helper.make_tensor_value_info("use_cache_branch", TensorProto.BOOL, [1])
    graph = helper.make_graph([node], "merged", [*with_past.graph.input, branch], with_past.graph.output, tensors)
    return helper.make_model(graph, opset_imports=with_past.opset_import, ir_version=8, producer_name="optimum-onnx")


def quantized(source, state):
    """MatMulNBits of 4 bits, blocks of 16 and zero points of 8 for every product with a matrix; gives what the matrices are then, too."""
    model = onnx.ModelProto()
    model.CopyFrom(source)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    rounded = {}
    for node in model.graph.node:
        if node.op_type != "MatMul" or node.input[1] not in tensors:
            continue
        name = node.input[1]
        weight = tensors[name].T.copy()
        n, k = weight.shape
        blocks = weight.reshape(n, k // 16, 16)
        scales = np.maximum(np.abs(blocks).max(-1), 1e-6).astype(np.float32) / 7
        codes = np.clip(np.round(blocks / scales[..., None]) + 8, 0, 15).astype(np.uint8)
        rounded[name] = (weight, ((codes.astype(np.float32) - 8) * scales[..., None]).reshape(n, k))
        packed = codes[..., 0::2] | (codes[..., 1::2] << 4)
        for suffix, value in (("_q4", packed), ("_scales", scales.reshape(-1))):
            model.graph.initializer.append(numpy_helper.from_array(value, name + suffix))
        node.op_type, node.domain = "MatMulNBits", "com.microsoft"
        node.input[1:] = [name + "_q4", name + "_scales"]
        node.attribute.extend(helper.make_attribute(key, value) for key, value in {"K": k, "N": n, "bits": 4, "block_size": 16}.items())
    used = {name for node in model.graph.node for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    values = {}
    for key, tensor in state.items():
        same = [after for before, after in rounded.values() if before.shape == tensor.shape and np.array_equal(before, tensor.numpy())]
        values[key] = torch.tensor(same[0]) if same else tensor
    return model, values


def fused(state, config):
    """The graph that onnxruntime-genai's builder writes of a Llama: SkipSimplifiedLayerNormalization and GroupQueryAttention with its own rotation."""
    layers, kv_heads, width = sizes(config)
    tensors, nodes = [], []

    def constant(name, value):
        tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(op, inputs, outputs, domain="", **attributes):
        nodes.append(helper.make_node(op, inputs, outputs, name=outputs[0], domain=domain, **attributes))
        return outputs[0]

    def linear(at, value, weight):
        return node("MatMul", [value, constant(f"{at}.weight", weight.numpy().T)], [f"{at}/output_0"])

    angles = np.outer(np.arange(config.max_position_embeddings), 10000.0 ** (-np.arange(0, width, 2) / width)).astype(np.float32)
    cos, sin = constant("cos_cache", np.cos(angles)), constant("sin_cache", np.sin(angles))
    total = node("ReduceSum", ["attention_mask", constant("one_axis", np.array([1]))], ["mask/sum"], keepdims=0)
    last = node("Sub", [total, constant("one", np.array([1]))], ["mask/last"])
    seqlens = node("Cast", [last], ["mask/seqlens_k"], to=TensorProto.INT32)
    length = node("Gather", [node("Shape", ["attention_mask"], ["mask/shape"]), constant("one_index", np.array(1))], ["mask/length"], axis=0)
    length = node("Cast", [length], ["mask/total_seq_len"], to=TensorProto.INT32)
    stream = node("Gather", [constant("model.embed_tokens.weight", state["model.embed_tokens.weight"].numpy()), "input_ids"], ["/model/embed_tokens/Gather/output_0"])
    branch = None
    microsoft = "com.microsoft"

    def norm(at, key):
        nonlocal stream
        gain = constant(f"{at}.weight", state[key].numpy())
        if branch is None:
            return node("SimplifiedLayerNormalization", [stream, gain], [f"{at}/output_0"], axis=-1, epsilon=config.rms_norm_eps, stash_type=1)
        before, stream = stream, f"{at}/output_3"
        outputs = [f"{at}/output_0"] if key == "model.norm.weight" else [f"{at}/output_0", "", "", stream]
        return node("SkipSimplifiedLayerNormalization", [before, branch, gain], outputs, microsoft, epsilon=config.rms_norm_eps)

    for layer in range(layers):
        of = lambda name, layer=layer: state[f"model.layers.{layer}.{name}.weight"]
        at = f"/model/layers.{layer}"
        x = norm(f"{at}/input_layernorm", f"model.layers.{layer}.input_layernorm.weight")
        qkv = [linear(f"{at}/attn/{name}", x, of(f"self_attn.{name}")) for name in ("q_proj", "k_proj", "v_proj")]
        past = [f"past_key_values.{layer}.{kind}" for kind in ("key", "value")]
        present = [f"present.{layer}.{kind}" for kind in ("key", "value")]
        z = node("GroupQueryAttention", [*qkv, *past, seqlens, length, cos, sin], [f"{at}/attn/GroupQueryAttention/output_0", *present], microsoft,
                 num_heads=config.num_attention_heads, kv_num_heads=kv_heads, scale=width**-0.5, do_rotary=1)
        branch = linear(f"{at}/attn/o_proj", z, of("self_attn.o_proj"))
        x = norm(f"{at}/post_attention_layernorm", f"model.layers.{layer}.post_attention_layernorm.weight")
        gate, up = linear(f"{at}/mlp/gate_proj", x, of("mlp.gate_proj")), linear(f"{at}/mlp/up_proj", x, of("mlp.up_proj"))
        active = node("Mul", [gate, node("Sigmoid", [gate], [f"{at}/mlp/act_fn/Sigmoid/output_0"])], [f"{at}/mlp/act_fn/Mul/output_0"])
        branch = linear(f"{at}/mlp/down_proj", node("Mul", [active, up], [f"{at}/mlp/Mul/output_0"]), of("mlp.down_proj"))
    x = norm("/model/layers.%d/final_norm_layernorm" % layers, "model.norm.weight")
    nodes.append(helper.make_node("MatMul", [x, constant("lm_head.weight", state["model.embed_tokens.weight"].numpy().T)], ["logits"], name="/lm_head/MatMul"))
    value = lambda name, shape, kind=TensorProto.FLOAT: helper.make_tensor_value_info(name, kind, shape)
    names = [f"{layer}.{kind}" for layer in range(layers) for kind in ("key", "value")]
    inputs = [value("input_ids", ["batch", "tokens"], TensorProto.INT64), value("attention_mask", ["batch", "all"], TensorProto.INT64)]
    inputs += [value(f"past_key_values.{name}", ["batch", kv_heads, "past", width]) for name in names]
    outputs = [value("logits", ["batch", "tokens", config.vocab_size])] + [value(f"present.{name}", ["batch", kv_heads, "all", width]) for name in names]
    graph = helper.make_graph(nodes, "main_graph", inputs, outputs, tensors)
    imports = [helper.make_opsetid("", 14), helper.make_opsetid(microsoft, 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=7, producer_name="onnxruntime-genai")
