"""MiniFASNet in torch, straight from its weights' names: what the graph written by hand is compared with."""

import io
from typing import Any

import torch
import torch.nn.functional as F

# Channels of one small network of that kind: narrow, so that a test's file is small, and every sort of layer in it.
BOTTLENECKS = {"conv_23": (8, 12, 10), "conv_34": (10, 14, 12), "conv_45": (12, 16, 12)}
RESIDUALS = {"conv_3": (10, 2), "conv_4": (12, 3), "conv_5": (12, 2)}


def random_state(seed: int = 1, *, squeezed: bool) -> dict[str, torch.Tensor]:
    """Weights of a narrow MiniFASNet. squeezed: the last residual of each row has squeeze and excitation."""
    made = torch.Generator().manual_seed(seed)
    state: dict[str, torch.Tensor] = {}

    def weight(name: str, *shape: int) -> None:
        fan_in = torch.Size(shape[1:]).numel()
        state[f"module.{name}.weight"] = torch.randn(*shape, generator=made) / fan_in**0.5

    def norm(name: str, channels: int) -> None:
        state[f"module.{name}.weight"] = torch.rand(channels, generator=made) + 0.5
        state[f"module.{name}.bias"] = torch.randn(channels, generator=made)
        state[f"module.{name}.running_mean"] = torch.randn(channels, generator=made)
        state[f"module.{name}.running_var"] = torch.rand(channels, generator=made) + 0.1
        state[f"module.{name}.num_batches_tracked"] = torch.tensor(7)

    def block(name: str, channels_in: int, channels: int, kernel: int = 1) -> None:
        weight(f"{name}.conv", channels, channels_in, kernel, kernel)
        norm(f"{name}.bn", channels)
        state[f"module.{name}.prelu.weight"] = torch.rand(channels, generator=made)

    def bottleneck(name: str, narrow: int, wide: int, out: int) -> None:
        block(f"{name}.conv", narrow, wide)
        block(f"{name}.conv_dw", 1, wide, 3)
        weight(f"{name}.project.conv", out, wide, 1, 1)
        norm(f"{name}.project.bn", out)

    block("conv1", 3, 8, 3)
    state["module.conv1.conv.weight"] /= 128  # pixels are 0 to 255
    block("conv2_dw", 1, 8, 3)
    for (narrowing, sizes), (residual, (channels, count)) in zip(BOTTLENECKS.items(), RESIDUALS.items(), strict=True):
        bottleneck(narrowing, *sizes)
        for number in range(count):
            name = f"{residual}.model.{number}"
            bottleneck(name, channels, 5, channels)
            if squeezed and number == count - 1:
                weight(f"{name}.se_module.fc1", 3, channels, 1, 1)
                norm(f"{name}.se_module.bn1", 3)
                weight(f"{name}.se_module.fc2", channels, 3, 1, 1)
                norm(f"{name}.se_module.bn2", channels)
    block("conv_6_sep", 12, 16)
    weight("conv_6_dw.conv", 16, 1, 5, 5)
    norm("conv_6_dw.bn", 16)
    weight("linear", 6, 16)
    norm("bn", 6)
    weight("prob", 3, 6)
    return state


def saved(state: Any) -> bytes:
    """As torch wrote it before version 1.6."""
    stream = io.BytesIO()
    torch.save(state, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def forward(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """(n, 3) before the softmax, from (n, 3, 80, 80)."""
    own = {name.removeprefix("module."): value for name, value in state.items()}

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        mean, variance, weight, bias = (own[f"{name}.{p}"] for p in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, mean, variance, weight, bias, training=False, eps=1e-5)

    def block(name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        weight = own[f"{name}.conv.weight"]
        groups = x.shape[1] // weight.shape[1]
        x = F.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2, groups=groups)
        return F.prelu(norm(f"{name}.bn", x), own[f"{name}.prelu.weight"])

    def bottleneck(name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        x = block(f"{name}.conv_dw", block(f"{name}.conv", x), stride)
        return norm(f"{name}.project.bn", F.conv2d(x, own[f"{name}.project.conv.weight"]))

    def residual(name: str, x: torch.Tensor) -> torch.Tensor:
        y = bottleneck(name, x)
        if f"{name}.se_module.fc1.weight" in own:
            se = f"{name}.se_module"
            gate = F.adaptive_avg_pool2d(y, 1)
            gate = F.relu(norm(f"{se}.bn1", F.conv2d(gate, own[f"{se}.fc1.weight"])))
            y = y * torch.sigmoid(norm(f"{se}.bn2", F.conv2d(gate, own[f"{se}.fc2.weight"])))
        return x + y

    x = block("conv2_dw", block("conv1", x, 2))
    for narrowing, row in (("conv_23", "conv_3"), ("conv_34", "conv_4"), ("conv_45", "conv_5")):
        x = bottleneck(narrowing, x, 2)
        number = 0
        while f"{row}.model.{number}.conv.conv.weight" in own:
            x = residual(f"{row}.model.{number}", x)
            number += 1
    x = block("conv_6_sep", x)
    x = norm("conv_6_dw.bn", F.conv2d(x, own["conv_6_dw.conv.weight"], groups=x.shape[1])).flatten(1)
    return norm("bn", x @ own["linear.weight"].T) @ own["prob.weight"].T
