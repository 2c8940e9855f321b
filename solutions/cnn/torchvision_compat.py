"""Let `import torchvision` work beside a CPU build of PyTorch.

The torchvision wheel on the package index is built for CUDA. Beside a CPU build of torch its compiled part,
`_C.so`, can't be loaded, and `import torchvision` stops with "operator torchvision::nms does not exist",
although data sets, transforms and models need none of its operators.

`install()` arranges that, when torchvision is imported for the first time, `_C.so` is tried first. Only if
that fails are the two missing operators declared, by name and signature, with nothing behind them: the import
succeeds, and calling them still fails. Where the builds match, the real operators load and nothing changes.
Importing this module or calling `install()` imports neither torch nor torchvision.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_kept_alive: list[Any] = []  # a torch.library.Library takes its operators along when it is collected


def install() -> None:
    """Prepare the first import of torchvision; doing it twice, or from two copies, adds nothing."""
    already_there = any(type(finder).__name__ == TorchvisionFinder.__name__ for finder in sys.meta_path)
    if not already_there and "torchvision" not in sys.modules:
        sys.meta_path.insert(0, TorchvisionFinder())


class TorchvisionFinder(MetaPathFinder):
    """Finds torchvision as the finders after it do, and puts one step before its execution."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "torchvision":
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _LoaderWithOperators(spec.loader)
                return spec
        return None


class _LoaderWithOperators(Loader):
    """The real loader of torchvision, which first sees to it that the operators exist."""

    def __init__(self, real_loader: Loader) -> None:
        self.real_loader = real_loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real_loader, name)  # resources, source and the like

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.real_loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self.real_loader  # leave no trace
        _see_to_operators(list(module.__path__))
        self.real_loader.exec_module(module)


def _see_to_operators(package_path: list[str]) -> None:
    """Load the wheel's own operators or, where that fails, declare the two that its import asks for."""
    try:
        torch = import_module("torch")
    except ImportError:
        return  # torchvision's own import says what is missing

    library = PathFinder.find_spec("_C", package_path)
    try:
        if library is None or library.origin is None:
            raise OSError("this torchvision has no compiled part")
        torch.ops.load_library(library.origin)
    except (ImportError, OSError):
        missing = [name for name in OPERATORS if not hasattr(torch.ops.torchvision, name)]
        if missing:
            declarations = torch.library.Library("torchvision", "FRAGMENT")
            for name in missing:
                declarations.define(name + SIGNATURE)
            _kept_alive.append(declarations)
