"""Makes `import torchvision` work where a CUDA build of it lies beside a CPU-only torch.

pip gives the newest torchvision of the package index, a CUDA build, to everybody. Its
compiled library then cannot be loaded beside a CPU torch, the operators it would have
declared are missing, and `import torchvision` (so open_clip, timm and half of transformers)
dies with "operator torchvision::nms does not exist". Declaring the schemas of those
operators, without code behind them, is enough for imports, transforms and models.

Not repaired, because we never call them: `torchvision.ops.nms` itself and torchvision's
picture decoders (`skulens.pictures` decodes; transformers is given PIL pictures).

Importing this module does the work, so it comes before the first import of torchvision:

    import skulens.torch_shim  # noqa: F401  # isort: split
    import open_clip
"""

import importlib.util
from pathlib import Path

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
"""What torchvision 0.28 refers to while it is imported."""

_declared: list[torch.library.Library] = []  # the declarations live as long as these objects


def compiled_library() -> Path | None:
    """torchvision's `_C` library, found without importing torchvision; None where there is none."""
    spec = importlib.util.find_spec("torchvision")
    folders = (spec.submodule_search_locations or []) if spec else []
    found = [lib for folder in folders for lib in sorted(Path(folder).glob("_C*.*"))]
    return next((lib for lib in found if lib.suffix in (".so", ".pyd", ".dylib")), None)


def loads(library: Path | None) -> bool:
    """Whether torch can load the library: exactly what torchvision itself will try.

    Loading twice is harmless: the second time the loader hands back the same library, and
    its operators are declared once.
    """
    if library is None:
        return False
    try:
        torch.ops.load_library(library)
    except (OSError, ImportError):
        return False
    return True


def missing() -> list[str]:
    """The schemas whose operators nobody has declared."""
    return [s for s in SCHEMAS if not hasattr(torch.ops.torchvision, s.partition("(")[0])]


def declare_missing() -> bool:
    """Declare what is missing; True if anything was.

    Nothing happens with a CUDA torch (its torchvision works, or its own error is the one to
    read), without torchvision, where the compiled library loads, and on a second call.
    """
    if torch.version.cuda is not None or importlib.util.find_spec("torchvision") is None:
        return False
    if not missing() or loads(compiled_library()):
        return False
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in missing():
        library.define(schema)
    _declared.append(library)
    return True


declare_missing()
