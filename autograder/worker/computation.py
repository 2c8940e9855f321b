"""A model as plain data: the operations of a forward pass, and what they are carried out on.

Student code hands it over, so all of it is a claim. Here it is held to a form, to bounds and to a list of operations
that are allowed, and carried out where no student code ever ran.

A **computation** is a dict with

- ``shape``: of one image, ``[C, H, W]``
- ``operations``: each ``[name, arguments, settings, has_gradients]``, the name that of an ATen operation and its
  overload, ``"convolution.default"``
- ``constants``: tensors that are neither the input nor in the state, each a dict with ``array``, ``dtype``, ``kind``
- ``result``: the scores, a reference

Arguments are plain data, and dicts with a single key:

==============  ================================  ==================================================================
key             holds                             becomes
==============  ================================  ==================================================================
``value``       number                            the input, 0, or a tensor that an operation gave, in their order
``named``       name                              a parameter or a buffer
``constant``    number                            a constant
``rows``        ``[a, b]``                        the integer ``a * N + b``, for ``N`` images
``dtype``       name                              a dtype; ``memory_format`` likewise
==============  ================================  ==================================================================

The **state** is a dict from names to such dicts. The kind is one of ``"trained"``, ``"parameter"`` (that takes no
gradients) and ``"buffer"``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

MAX_OPERATIONS = 5_000  # of a computation
MAX_COMPUTATIONS = 256  # of a model, one for each shape of its images
MAX_ARGUMENTS = 100_000  # plain values in all of a computation's arguments
_MAX_DEPTH = 4
_MAX_TEXT = 40
_MAX_INTEGER = 1 << 40
KINDS = ("trained", "parameter", "buffer")
DTYPES = {
    name: getattr(torch, name)
    for name in (
        *("float32", "float64", "float16", "bfloat16"),
        *("int8", "int16", "int32", "int64", "uint8", "bool"),
    )
}
MEMORY_FORMATS = {
    name: getattr(torch, name) for name in ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
}

# What a layer can be made of. No operation is here that reads or writes files, looks at memory that it was not given,
# or runs Python.
_POINTWISE = """
abs neg sign sgn exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal sin cos tan sinh cosh tanh asin acos
atan asinh acosh atanh atan2 erf erfc erfinv sigmoid logit log_sigmoid_forward softplus mish silu gelu elu celu selu
relu relu6 leaky_relu hardtanh hardswish hardsigmoid _prelu_kernel prelu rrelu_with_noise threshold hardshrink
softshrink glu clamp clamp_min clamp_max add sub rsub mul div true_divide floor_divide remainder fmod pow float_power
maximum minimum fmax fmin where eq ne lt le gt ge logical_and logical_or logical_not logical_xor bitwise_and bitwise_or
bitwise_xor bitwise_not isnan isinf isfinite nan_to_num floor ceil round trunc frac addcmul addcdiv lerp hypot logaddexp
xlogy masked_fill heaviside sinc
"""
_REDUCTIONS = """
sum mean var std var_mean std_mean prod max min amax amin aminmax argmax argmin all any logsumexp norm
linalg_vector_norm cumsum cumprod logcumsumexp cummax cummin median nansum sort topk kthvalue _softmax _log_softmax
_safe_softmax softmax log_softmax _cdist_forward _euclidean_dist
"""
_PRODUCTS = """
mm bmm addmm baddbmm addbmm mv addmv dot addr linear matmul _trilinear convolution _convolution mkldnn_convolution
im2col col2im unfold mkldnn_rnn_layer _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_attention_math
_weight_norm_interface _weight_norm
"""
_POOLING = """
max_pool1d max_pool2d max_pool2d_with_indices max_pool3d_with_indices avg_pool1d avg_pool2d avg_pool3d
_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_avg_pool1d adaptive_max_pool2d adaptive_max_pool3d
fractional_max_pool2d max_pool2d_with_indices_and_mask upsample_nearest1d upsample_nearest2d upsample_linear1d
upsample_bilinear2d upsample_bicubic2d _upsample_nearest_exact1d _upsample_nearest_exact2d grid_sampler_2d
affine_grid_generator
"""
_NORMALISATION = """
native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training _batch_norm_with_update
_batch_norm_no_update native_layer_norm native_group_norm _fused_rms_norm
"""
_SHAPES = """
view _unsafe_view reshape _reshape_alias alias detach expand permute transpose t squeeze unsqueeze clone contiguous
_to_copy copy cat stack split split_with_sizes unsafe_split unsafe_split_with_sizes chunk unsafe_chunk unbind slice
select narrow index index_select gather roll flip rot90 repeat constant_pad_nd reflection_pad1d reflection_pad2d
reflection_pad3d replication_pad1d replication_pad2d replication_pad3d pixel_shuffle pixel_unshuffle
native_channel_shuffle channel_shuffle diagonal diag_embed tril triu lift_fresh lift_fresh_copy slice_scatter
select_scatter index_put _index_put_impl scatter scatter_add scatter_reduce index_add index_copy index_fill embedding
zero fill movedim nonzero masked_select masked_scatter
"""
_FACTORIES = """
zeros ones full arange eye linspace scalar_tensor zeros_like ones_like full_like new_zeros new_ones new_full empty
empty_like new_empty
"""
_RANDOM = """
bernoulli rand rand_like randn randn_like randint randint_like native_dropout dropout normal normal_functional uniform
"""
ALLOWED = frozenset(
    " ".join((_POINTWISE, _REDUCTIONS, _PRODUCTS, _POOLING, _NORMALISATION, _SHAPES, _FACTORIES, _RANDOM)).split()
)
_UNINITIALISED = frozenset(["empty", "empty_like", "new_empty"])
_NAME = re.compile(r"[a-z_A-Z0-9]{1,60}\.[a-z_A-Z0-9]{1,40}")


class Refused(Exception):
    """What was handed over is not of the form, over a bound, or can't be carried out."""


def is_allowed(name: str) -> bool:
    """Whether an operation is on the list: ``"relu.default"``, or ``"relu_.default"`` in place."""
    base, _, overload = name.partition(".")
    return base.removesuffix("_") in ALLOWED and "out" not in overload and "names" not in overload.lower()


@dataclass(frozen=True)
class Operation:
    """One that was found to be allowed, ready to be carried out."""

    name: str
    function: Callable[..., Any]
    arguments: list[Any]
    settings: dict[str, Any]
    has_gradients: bool

    @property
    def called(self) -> str:
        """What PyTorch's function is called that comes down to it, as far as layers go; else the operation's name."""
        base = self.name.partition(".")[0].strip("_")
        if base in ("convolution", "mkldnn_convolution"):
            strides = self.arguments[3] if len(self.arguments) > 3 else []
            sides = len(strides) if isinstance(strides, list) else 0
            is_transposed = len(self.arguments) > 6 and self.arguments[6] is True
            return f"conv{'_transpose' if is_transposed else ''}{sides}d"
        if base == "mean" and self.arguments[1:2] == [[-1, -2]]:
            return "adaptive_avg_pool2d"
        if base == "detach":  # of what autograd keeps
            return ""
        return _CALLED.get(base, base)

    def named_arguments(self) -> dict[str, Any]:
        """The arguments and settings by the names that PyTorch has for them."""
        names = [argument.name for argument in self.function._schema.arguments]  # type: ignore[attr-defined]
        return {**dict(zip(names, self.arguments, strict=False)), **self.settings}

    def references(self) -> Iterator[tuple[str, int | str]]:
        """What its arguments refer to, with their names: values by number, parameters by name, constants by ``""``."""
        for name, argument in self.named_arguments().items():
            for part in _flat(argument):
                if isinstance(part, _Value):
                    yield name, part.number
                elif isinstance(part, _Named | _Constant):
                    yield name, part.name if isinstance(part, _Named) else ""


def _flat(argument: Any) -> Iterator[Any]:
    if isinstance(argument, list):
        for item in argument:
            yield from _flat(item)
    else:
        yield argument


_CALLED = {
    "max_pool2d_with_indices": "max_pool2d",
    "max_pool3d_with_indices": "max_pool3d",
    "addmm": "linear",
    "mm": "linear",
    "bmm": "matmul",
    "baddbmm": "matmul",
    "im2col": "unfold",
    "softmax": "softmax",
    "native_batch_norm": "batch_norm",
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "native_dropout": "dropout",
}


class Computation:
    """A computation that keeps to the form.

    Raises:
        Refused: it does not; the message says how, in words for the student.
    """

    def __init__(self, data: Any, names: frozenset[str]) -> None:
        _require(type(data) is dict and data.keys() == {"shape", "operations", "constants", "result"}, "its parts")
        shape = data["shape"]
        _require(type(shape) is list and all(type(n) is int and 0 <= n < 1 << 20 for n in shape), "its shape")
        self.shape = tuple(shape)
        _require(type(data["operations"]) is list and type(data["constants"]) is list, "its lists")
        if len(data["operations"]) > MAX_OPERATIONS:
            raise Refused(f"a forward pass of more than {MAX_OPERATIONS:,} operations is not carried out")
        self._names = names
        self.constants = [_constant(item) for item in data["constants"]]
        self._left = MAX_ARGUMENTS
        self._uses: list[int] = []  # of the operation at hand
        self.used: list[list[int]] = []  # by each operation, of the values
        self.operations: list[Operation] = []
        for item in data["operations"]:
            self._uses = []
            self.operations.append(self._operation(item))
            self.used.append(self._uses)
        self._uses = []
        self.result = self._argument(data["result"], 0)
        _require(isinstance(self.result, _Value | _Named | _Constant), "its result")
        self.kept = frozenset(self._uses)
        self.wanted = frozenset(value for used in (*self.used, self._uses) for value in used)

    def _operation(self, item: Any) -> Operation:
        _require(type(item) is list and len(item) == 4, "an operation")
        name, arguments, settings, has_gradients = item
        _require(type(name) is str and _NAME.fullmatch(name) is not None, "the name of an operation")
        _require(type(arguments) is list and type(settings) is dict and type(has_gradients) is bool, "an operation")
        if not is_allowed(name):
            raise Refused(f"the operation {name.partition('.')[0]} is not allowed in a model")
        base, _, overload = name.partition(".")
        packet = getattr(torch.ops.aten, base, None)
        if packet is None or overload not in packet.overloads():
            raise Refused(f"there is no operation {name}")
        _require(all(type(key) is str and len(key) <= _MAX_TEXT for key in settings), "the settings of an operation")
        return Operation(
            name,
            getattr(packet, overload),
            [self._argument(value, 0) for value in arguments],
            {key: self._argument(value, 0) for key, value in settings.items()},
            has_gradients,
        )

    def _argument(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise Refused(f"its operations have more than {MAX_ARGUMENTS:,} arguments")
        if value is None or type(value) in (bool, float):
            return value
        if type(value) is int:
            _require(abs(value) <= _MAX_INTEGER or value == (1 << 63) - 1, "a size")  # the end of an open slice
            return value
        if type(value) is str:
            _require(len(value) <= _MAX_TEXT, "a text")
            return value
        if type(value) is list:
            return [self._argument(item, depth + 1) for item in value]
        _require(type(value) is dict and len(value) == 1, "an argument")
        [(key, content)] = value.items()
        reader = _READERS.get(key)
        _require(reader is not None, "an argument")
        assert reader is not None
        return reader(self, content)

    def _value(self, content: Any) -> _Value:
        _require(type(content) is int and 0 <= content < 10 * MAX_OPERATIONS, "a reference")
        self._uses.append(content)
        return _Value(content)

    def _named(self, content: Any) -> _Named:
        _require(type(content) is str and content in self._names, "the name of a parameter")
        return _Named(content)

    def _numbered(self, content: Any) -> _Constant:
        _require(type(content) is int and 0 <= content < len(self.constants), "the number of a constant")
        return _Constant(content)

    def _rows(self, content: Any) -> _Rows:
        is_pair = type(content) is list and len(content) == 2
        _require(is_pair and all(type(n) is int and abs(n) <= _MAX_INTEGER for n in content), "a size")
        return _Rows(*content)

    def _dtype(self, content: Any) -> torch.dtype:
        _require(type(content) is str and content in DTYPES, "a dtype")
        return DTYPES[content]

    def _memory_format(self, content: Any) -> torch.memory_format:
        _require(type(content) is str and content in MEMORY_FORMATS, "a memory format")
        return MEMORY_FORMATS[content]


@dataclass(frozen=True)
class _Value:
    number: int


@dataclass(frozen=True)
class _Named:
    name: str


@dataclass(frozen=True)
class _Constant:
    number: int


@dataclass(frozen=True)
class _Rows:
    times: int
    more: int


_READERS: dict[str, Callable[[Computation, Any], Any]] = {
    "value": Computation._value,
    "named": Computation._named,
    "constant": Computation._numbered,
    "rows": Computation._rows,
    "dtype": Computation._dtype,
    "memory_format": Computation._memory_format,
}


class Carried:
    """A model that was handed over, as what else asks a model takes for one.

    Raises:
        Refused: the state or a computation is not of the form, or over a bound.
    """

    training = False

    def __init__(self, state: Any, computations: Any, most_numbers: int) -> None:
        self._state = dict(_states(state))
        _require(type(computations) is list and 0 < len(computations) <= MAX_COMPUTATIONS, "its computations")
        names = frozenset(self._state)
        self.computations = [Computation(data, names) for data in computations]
        self.numbers = sum(value.numel() for value in self._state.values())
        self.numbers += max(sum(value.numel() for value in found.constants) for found in self.computations)
        self.unregistered = max(
            sum(value.numel() for value in found.constants if value.requires_grad) for found in self.computations
        )
        if self.numbers > most_numbers:
            raise Refused(f"it holds {self.numbers:,} numbers in all, and {most_numbers:,} are allowed")
        self._of_shape = {computation.shape: computation for computation in self.computations}

    def with_state(self, state: Any) -> Carried:
        """The same computations with what parameters and buffers held at another time.

        Raises:
            Refused: that is not of the form.
        """
        given = dict(_states(state))
        _require(all(given[name].shape == self._state[name].shape for name in given.keys() & self._state.keys()), "it")
        other = copy.copy(self)
        other._state = {name: given.get(name, value) for name, value in self._state.items()}
        return other

    def computation_for(self, images: torch.Tensor) -> Computation:
        """That for images of this shape ``(N, C, H, W)``.

        Raises:
            Refused: none was handed over.
        """
        computation = self._of_shape.get(tuple(images.shape[1:]))
        if computation is None:
            raise Refused(f"no computation was handed over for images of shape {tuple(images.shape[1:])}")
        return computation

    def apart(self) -> Carried:
        """The same numbers in other memory: what operations change there, as statistics of a batch, changes nothing."""
        other = copy.copy(self)
        with torch.no_grad():
            other._state = {name: value.clone() for name, value in self._state.items()}
            other.computations = [copy.copy(computation) for computation in self.computations]
            for computation in other.computations:
                computation.constants = [value.clone() for value in computation.constants]
        other._of_shape = {computation.shape: computation for computation in other.computations}
        return other

    def __call__(
        self,
        images: torch.Tensor,
        disturbed: str = "",
        watch: Callable[[Operation, list[torch.Tensor]], None] | None = None,
    ) -> torch.Tensor:
        """Carry the computation for images ``(N, C, H, W)`` out, and return the scores.

        With ``disturbed``, noise is added to what operations give that are called by a name with this part. ``watch``
        is called after each operation, with what it gave.
        """
        computation = self.computation_for(images)
        rows = len(images)
        values: list[torch.Tensor | None] = [images]
        last_use, wanted = _last_uses(computation), computation.wanted

        def bound(argument: Any) -> Any:
            kind = type(argument)
            if kind is _Value:
                value = values[argument.number] if argument.number < len(values) else None
                _require(value is not None, "a reference")
                return value
            if kind is _Named:
                return self._state[argument.name]
            if kind is _Constant:
                return computation.constants[argument.number]
            if kind is _Rows:
                return argument.times * rows + argument.more
            return [bound(item) for item in argument] if kind is list else argument

        with_gradients = torch.is_grad_enabled()
        for number, operation in enumerate(computation.operations):
            try:
                arguments = [bound(argument) for argument in operation.arguments]
                settings = {name: bound(value) for name, value in operation.settings.items()}
                with torch.set_grad_enabled(with_gradients and operation.has_gradients):
                    result = operation.function(*arguments, **settings)
            except Refused:
                raise
            except Exception as error:
                words = f"{type(error).__name__}: {error}".partition("\n")[0][:200]
                raise Refused(f"the operation {operation.name} can't be carried out ({words})") from None
            given = tensors_of(result)
            if disturbed and disturbed in operation.called:
                given[0] = given[0] + torch.rand_like(given[0])
            if operation.name.partition(".")[0] in _UNINITIALISED:
                given[0].zero_()  # what lay there before is nobody's
            if watch is not None:
                watch(operation, given)
            for value in given:
                values.append(value if len(values) in wanted else None)
            del result, given
            for used in last_use.get(number, ()):
                values[used] = None
        scores = bound(computation.result)
        assert isinstance(scores, torch.Tensor)
        return scores

    # --- as a module has them --------------------------------------------------------------------------------

    def named_parameters(self) -> Iterator[tuple[str, torch.Tensor]]:
        """The parameters by their names."""
        return ((name, value) for name, value in self._state.items() if isinstance(value, torch.nn.Parameter))

    def parameters(self) -> Iterator[torch.Tensor]:
        """The parameters."""
        return (value for _, value in self.named_parameters())

    def buffers(self) -> Iterator[torch.Tensor]:
        """The buffers."""
        return (value for value in self._state.values() if not isinstance(value, torch.nn.Parameter))

    def modules(self) -> tuple[()]:
        """None: it has no parts, and no mode."""
        return ()

    def train(self, _mode: bool = True) -> Carried:
        """What was recorded in a mode stays in that."""
        return self

    def eval(self) -> Carried:
        """See :meth:`train`."""
        return self

    def zero_grad(self) -> None:
        """Forget gradients."""
        for value in self.parameters():
            value.grad = None


def _last_uses(computation: Computation) -> dict[int, list[int]]:
    """After which operation which values are needed no more."""
    last: dict[int, int] = {}
    for number, used in enumerate(computation.used):
        for value in used:
            last[value] = number
    ends: dict[int, list[int]] = {}
    for value, number in last.items():
        if value not in computation.kept:
            ends.setdefault(number, []).append(value)
    return ends


def tensors_of(result: Any) -> list[torch.Tensor]:
    """The tensors that an operation gave, in the order in which they are numbered."""
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, (list, tuple)):
        return [value for item in result for value in tensors_of(item)]
    # What only a backward pass needs, as the workspace of a recurrent layer, is not given where there is none.
    return [torch.empty(0)]


def _states(state: Any) -> Iterator[tuple[str, torch.Tensor]]:
    _require(type(state) is dict and len(state) < 10_000, "its parameters")
    for name, item in state.items():
        _require(type(name) is str and 0 < len(name) < 500, "the name of a parameter")
        value, kind = _tensor(item)
        if kind == "buffer":
            yield name, value
        else:
            yield name, torch.nn.Parameter(value, requires_grad=kind == "trained")


def _constant(item: Any) -> torch.Tensor:
    value, kind = _tensor(item)
    return value.requires_grad_(kind == "trained")


def _tensor(item: Any) -> tuple[torch.Tensor, str]:
    _require(type(item) is dict and item.keys() == {"array", "dtype", "kind"}, "a tensor")
    array, dtype, kind = item["array"], item["dtype"], item["kind"]
    _require(isinstance(array, np.ndarray) and type(dtype) is str and dtype in DTYPES, "a tensor")
    _require(type(kind) is str and kind in KINDS, "a tensor")
    value = torch.from_numpy(array).to(DTYPES[dtype])
    return value, kind if value.is_floating_point() else "buffer"


def _require(is_so: bool, what: str) -> None:
    if not is_so:
        raise Refused(f"{what} is malformed")
