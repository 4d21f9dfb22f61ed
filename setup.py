"""Build the engine in C, where there is a compiler. MICROGRAD_LIKE_PURE=1 builds the wheel that runs everywhere.

The same sources give the same bytes: no path of the machine gets into what is compiled, and SOURCE_DATE_EPOCH dates it.
"""

import gzip
import os
import sys
import tarfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
NATIVE = "micrograd_like/_engine"
PURE = os.environ.get("MICROGRAD_LIKE_PURE", "0") not in ("", "0")
BITS = ["/O2", "/fp:precise"] if sys.platform == "win32" else [
    "-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-builtin-pow", "-Wall", "-Wno-unused-function",
    "-g0", f"-ffile-prefix-map={ROOT}=.",
]  # fmt: skip
# Two passes of GCC that take 9 of its 15 seconds for these loops and, measured, make them no faster.
SOON = [] if sys.platform == "win32" else ["-fno-gcse", "-fno-gcse-after-reload"]
DATE = int(os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600"))  # of every file in what is built


class BuildLessons(build_py):
    """Take the notebooks along as micrograd_like/lessons, for those who have no checkout."""

    def run(self) -> None:
        super().run()
        for lesson in [] if self.editable_mode else sorted(Path("notebooks").glob("*.ipynb")):
            place = Path(self.build_lib, "micrograd_like", "lessons", lesson.name)
            place.parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(str(lesson), str(place))


class SameSources(sdist):
    """A source distribution in which nothing tells who built it, or when."""

    def make_archive(self, base_name: str, *form: str, base_dir: str = "", **others: object) -> str:
        """Write base_name.tar.gz from the folder base_dir, its files in the order of their names."""
        zipped = gzip.GzipFile(f"{base_name}.tar.gz", "wb", mtime=DATE)
        with zipped, tarfile.open(None, "w", zipped) as archive:
            for path in sorted(Path(base_dir).rglob("*")):
                info = archive.gettarinfo(str(path), path.as_posix())
                info.uid = info.gid = 0
                info.uname, info.gname, info.mtime = "", "", DATE
                info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
                with path.open("rb") if info.isreg() else open(os.devnull, "rb") as content:
                    archive.addfile(info, content if info.isreg() else None)
        return f"{base_name}.tar.gz"


class BuildRules(build_ext):
    """Write the header of all rules from the table, then compile, both extensions at once."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or len(self.extensions or ())

    def build_extensions(self) -> None:
        sys.path.insert(0, str(ROOT))
        os.environ["MICROGRAD_LIKE_PURE"] = "1"
        from micrograd_like._engine.generate import header

        place = Path(self.build_temp)
        place.mkdir(parents=True, exist_ok=True)
        (place / "rules.h").write_text(header())
        for ext in self.extensions:
            ext.include_dirs.append(str(place))
        super().build_extensions()


RULES = [str(path) for path in (*Path("micrograd_like/ops").glob("*.py"), *Path(NATIVE).glob("*.[hp]*"))]
engine = Extension(
    "micrograd_like._engine._engine",
    [f"{NATIVE}/engine.c"],
    depends=RULES,
    extra_compile_args=BITS,
    optional=True,
)
loops = Extension(
    "micrograd_like.compiler._loops",
    ["micrograd_like/compiler/_loops.c"],
    depends=[*RULES, "micrograd_like/compiler/_values.h"],
    extra_compile_args=[*BITS, *SOON],
    optional=True,
)
setup(
    ext_modules=[] if PURE else [engine, loops],
    cmdclass={"build_ext": BuildRules, "build_py": BuildLessons, "sdist": SameSources},
)
