"""Build the engine in C, where there is a compiler. MICROGRAD_LIKE_PURE=1 builds the wheel that runs everywhere."""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
NATIVE = "micrograd_like/_engine"
PURE = os.environ.get("MICROGRAD_LIKE_PURE", "0") not in ("", "0")
BITS = ["/O2", "/fp:precise"] if sys.platform == "win32" else [
    "-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-builtin-pow", "-Wall", "-Wno-unused-function",
]  # fmt: skip


class BuildRules(build_ext):
    """Write the header of all rules from the table, then compile."""

    def build_extension(self, ext: Extension) -> None:
        sys.path.insert(0, str(ROOT))
        os.environ["MICROGRAD_LIKE_PURE"] = "1"
        from micrograd_like._engine.generate import header

        place = Path(self.build_temp)
        place.mkdir(parents=True, exist_ok=True)
        (place / "rules.h").write_text(header())
        ext.include_dirs.append(str(place))
        super().build_extension(ext)


engine = Extension(
    "micrograd_like._engine._engine",
    [f"{NATIVE}/engine.c"],
    depends=[str(path) for path in Path(NATIVE).glob("*.h")],
    extra_compile_args=BITS,
    optional=True,
)
loops = Extension(
    "micrograd_like.compiler._loops",
    ["micrograd_like/compiler/_loops.c"],
    depends=[f"{NATIVE}/prelude.h", f"{NATIVE}/node.h"],
    extra_compile_args=BITS,
    optional=True,
)
setup(ext_modules=[] if PURE else [engine, loops], cmdclass={"build_ext": BuildRules})
