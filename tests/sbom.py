"""Write what is in a wheel as a CycloneDX 1.5 document: `python tests/sbom.py WHEEL`. The core needs nothing else."""

import hashlib
import json
import sys
import zipfile
from email.parser import Parser
from pathlib import Path


def sbom(wheel: Path) -> dict[str, object]:
    """Return the document: the package with its hash and its files; what extras ask for is named as optional."""
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        about = Parser().parsestr(archive.read(metadata).decode())
        files = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in sorted(archive.namelist())}
    name, version = about["Name"], about["Version"]
    reference = f"pkg:pypi/{name}@{version}"
    optional = sorted({x.partition(";")[0].strip() for x in about.get_all("Requires-Dist", []) if "extra ==" in x})
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": reference,
                "name": name,
                "version": version,
                "purl": reference,
                "licenses": [{"license": {"id": about["License-Expression"]}}],
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
            },
        },
        "components": [
            {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
            for name, digest in files.items()
        ]
        + [{"type": "library", "name": name, "scope": "optional"} for name in optional],
        "dependencies": [{"ref": reference, "dependsOn": []}],
    }


if __name__ == "__main__":
    print(json.dumps(sbom(Path(sys.argv[1])), indent=1))
