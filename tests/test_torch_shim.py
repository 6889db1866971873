"""The torchvision shim, each case in a fresh interpreter."""

import subprocess
import sys
import textwrap

import pytest


def run(code: str, path=None) -> str:
    """stdout of a fresh Python; `path` comes first on its module search path."""
    head = f"import sys; sys.path.insert(0, {str(path)!r})\n" if path else ""
    done = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def cpu_torch_beside_cuda_torchvision() -> bool:
    code = """
        import torch
        try:
            import torchvision
            print("works")
        except RuntimeError as e:
            print("broken" if "torchvision::nms" in str(e) else "otherwise")
    """
    return run(code) == "broken"


def test_open_clip_imports_and_a_second_call_does_nothing():
    code = """
        import skulens.torch_shim as shim
        import open_clip, torchvision
        print(shim.declare_missing(), open_clip.__name__)
    """
    assert run(code) == "False open_clip"


def test_it_is_the_shim_that_mends_it():
    if not cpu_torch_beside_cuda_torchvision():
        pytest.skip("torchvision works here without help")
    assert (
        run(
            "import skulens.torch_shim as s; print(len(s._declared), s.loads(s.compiled_library()))"
        )
        == "1 False"
    )


def test_a_working_torchvision_is_left_alone(tmp_path):
    """A stand-in whose compiled library loads: any library of torch's own will do."""
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text("")
    code = f"""
        import pathlib, shutil, torch
        folder = pathlib.Path(torch.__file__).parent / "lib"
        library = sorted(folder.glob("libtorch_global_deps.*"))[0]
        place = pathlib.Path({str(tmp_path)!r}) / "torchvision"
        (place / f"_C{{library.suffix}}").symlink_to(library)
        import skulens.torch_shim as shim
        print(len(shim._declared), shim.loads(shim.compiled_library()))
    """
    assert run(code, tmp_path) == "0 True"


def test_declared_operators_are_not_declared_twice():
    code = """
        import torch
        mine = torch.library.Library("torchvision", "DEF")
        mine.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import skulens.torch_shim as shim
        print([schema.partition("(")[0] for schema in shim.missing()])
    """
    assert run(code) == "[]"


def test_without_torchvision_nothing_happens(tmp_path):
    code = """
        import importlib.util
        find = importlib.util.find_spec
        importlib.util.find_spec = (
            lambda name, *a: None if name == "torchvision" else find(name, *a)
        )
        import skulens.torch_shim as shim
        print(len(shim._declared), shim.compiled_library())
    """
    assert run(code) == "0 None"
