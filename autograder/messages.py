"""What may be shown of an exception that was raised over hidden inputs.

A submission can raise an exception whose message, type name or place holds the arguments that it was given, and read
hidden inputs in its own feedback. What the worker says of an exception can be forged as a whole, too. So of one that
was raised in a worker that hidden values were sent to, only this is shown: the nearest of Python's own types, the line
of the submission's own text, and the message if it is one of those that Python, NumPy and PyTorch commonly give. These
hold a few small numbers and names of the submission's own text, and nothing else: about a hundred bits a message.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence

NOT_SHOWN = "its message is not shown, since it may hold what your code was given, which is hidden"

_NUMBER = r"-?\d{1,6}"
_SIZES = rf"[\[(]?{_NUMBER}(?:(?:, ?| ?x ?){_NUMBER}){{0,4}},?[\])]?"
_KIND = (
    r"(?:NoneType|bool|int|float|str|bytes|list|tuple|dict|set|range|zip|map|slice|module|function|builtin_function_or_"
    r"method|method|generator|ellipsis|numpy\.ndarray|ndarray|Tensor|Parameter|Linear|Conv2d|MaxPool2d|Sequential)"
)
_DTYPE = r"(?:Byte|Char|Short|Int|Long|Half|Float|Double|Bool|BFloat16|int32|int64|float32|float64|uint8)"
_NAME = r"(?P<name{}>[A-Za-z_]\w{{0,39}})"
# `#` stands for a number, `@` for sizes, `%` for a kind of object, `^` for a dtype, `$` for a name of the submission's
# text, `~` for any short one. The last are our own.
_USUAL = """
name '$' is not defined
cannot access local variable '$' where it is not associated with a value
cannot access free variable '$' where it is not associated with a value in enclosing scope
'$' object has no attribute '$'
'%' object has no attribute '$'
'%' object is not callable
'%' object is not iterable
'%' object is not subscriptable
'%' object does not support item assignment
'%' object cannot be interpreted as an integer
cannot unpack non-iterable % object
unsupported operand type(s) for +: '%' and '%'
unsupported operand type(s) for -: '%' and '%'
unsupported operand type(s) for *: '%' and '%'
unsupported operand type(s) for /: '%' and '%'
unsupported operand type(s) for //: '%' and '%'
'<' not supported between instances of '%' and '%'
'>' not supported between instances of '%' and '%'
object of type '%' has no len()
can only concatenate % (not "%") to %
can't multiply sequence by non-int of type '%'
% indices must be integers or slices, not %
$() missing # required positional argument: '$'
$() missing # required positional arguments: '$' and '$'
$() takes # positional arguments but # were given
$() takes # positional argument but # were given
$() got an unexpected keyword argument '$'
$.$() missing # required positional argument: '$'
$.$() takes # positional arguments but # were given
$.$() got an unexpected keyword argument '$'
list index out of range
tuple index out of range
string index out of range
division by zero
float division by zero
integer division or modulo by zero
integer modulo by zero
not enough values to unpack (expected #, got #)
too many values to unpack (expected #)
maximum recursion depth exceeded
maximum recursion depth exceeded in comparison
No module named '$'
'$'
operands could not be broadcast together with shapes @ @
operands could not be broadcast together with shapes @ @ @
could not broadcast input array from shape @ into shape @
cannot reshape array of size # into shape @
shapes @ and @ not aligned: # (dim #) != # (dim #)
index # is out of bounds for axis # with size #
index # is out of bounds for dimension # with size #
too many indices for array: array is #-dimensional, but # were indexed
only integer scalar arrays can be converted to a scalar index
setting an array element with a sequence.
mat1 and mat2 shapes cannot be multiplied (@ and @)
mat1 and mat2 must have the same dtype, but got ^ and ^
The size of tensor a (#) must match the size of tensor b (#) at non-singleton dimension #
shape '@' is invalid for input of size #
Expected input batch_size (#) to match target batch_size (#).
Expected more than 1 value per channel when training, got input size torch.Size(@)
Given groups=#, weight of size @, expected input@ to have # channels, but got # channels instead
Calculated padded input size per channel: (@). Kernel size: (@). Kernel size can't be greater than actual input size
Dimension out of range (expected to be in range of @, but got #)
element 0 of tensors does not require grad and does not have a grad_fn
Target # is out of bounds.
expected scalar type ^ but found ^
expected scalar type ^ but found ^.
Found dtype ^ but expected ^
a Tensor with # elements cannot be converted to Scalar
only one element tensors can be converted to Python scalars
Boolean value of Tensor with more than one value is ambiguous
Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.
can't convert np.ndarray of type numpy.object_.
`~` of ~ is switched off here: what it does is to be written by hand
what is switched off here was switched on again
the model's forward returns nothing: it is to return a tensor of scores
the model's forward returns a ~: it is to return a tensor of scores
this is a ~, not a Figure
a layer was run: compute the shape from the layer's settings
"""


# What graders and PyTorch themselves look for in a submission's objects.
_WELL_KNOWN = frozenset(
    [
        "append",
        "astype",
        "axes",
        "backward",
        "children",
        "detach",
        "device",
        "dim",
        "dtype",
        "eval",
        "flatten",
        "forward",
        "get_axes",
        "grad",
        "item",
        "items",
        "keys",
        "modules",
        "named_modules",
        "named_parameters",
        "ndim",
        "numpy",
        "parameters",
        "permute",
        "requires_grad",
        "reshape",
        "savefig",
        "shape",
        "size",
        "state_dict",
        "step",
        "sum",
        "tolist",
        "train",
        "training",
        "view",
        "zero_grad",
    ]
)


def _pattern(line: str, number: int) -> re.Pattern[str]:
    parts = {"#": _NUMBER, "@": _SIZES, "%": _KIND, "^": _DTYPE, "~": r"\w{1,24}"}
    pattern, names = "", 0
    for character in line:
        if character == "$":
            pattern += _NAME.format(f"{number}_{names}")
            names += 1
        else:
            pattern += parts.get(character, re.escape(character))
    return re.compile(pattern)


_PATTERNS = [_pattern(line, number) for number, line in enumerate(_USUAL.strip().splitlines())]


def is_usual(message: str, source: str) -> bool:
    """Whether a message is a common one of Python's, NumPy's or PyTorch's, with names of the source text."""
    matches = filter(None, (pattern.fullmatch(message.strip(" ")) for pattern in _PATTERNS))
    return any(all(_has_word(source, name) for name in found.groupdict().values()) for found in matches)


def _has_word(source: str, name: str) -> bool:
    return name in _WELL_KNOWN or bool(re.search(rf"\b{re.escape(name)}\b", source))


def own_kind(kind: str, bases: Sequence[str]) -> str:
    """The first of these type names, from the exception's own to its bases', that is an exception of Python's own."""
    for name in (kind, *bases):
        found = getattr(builtins, name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return name
    return "Exception"
