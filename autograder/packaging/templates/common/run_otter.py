"""Grades one submission with the framework that is packed here as a wheel; nothing need be installed but its needs."""

import sys
import tempfile
import zipfile
from pathlib import Path

root = Path(sys.argv[1])
with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
    for wheel in (root / "source" / "files" / "torch-autograder").glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(folder)
    sys.path.insert(0, folder)
    from autograder.packaging.container import main

    sys.exit(main(root))
