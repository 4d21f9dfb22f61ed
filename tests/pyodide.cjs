// Runs pytest in Pyodide: the repository and the wheels of pytest are mounted, nothing is loaded from a network.
const fs = require("fs");
const { loadPyodide } = require("pyodide");

async function main() {
  const python = await loadPyodide({ env: { MICROGRAD_LIKE_PURE: "1", HOME: "/home/pyodide", CI: "true" } });
  python.mountNodeFS("/repository", process.cwd());
  python.mountNodeFS("/wheels", process.env.WHEELS);
  const run = python.runPython(`
import glob, os, shutil, sys, zipfile
for wheel in glob.glob("/wheels/*.whl"):
    zipfile.ZipFile(wheel).extractall("/packages")
sys.path.insert(0, "/packages")
shutil.copytree("/repository", "/tree", ignore=shutil.ignore_patterns(".git", ".venv", "*.so", "node_modules"))
os.chdir("/tree")
def run(tests):
    import pytest
    print(sys.version)
    return int(pytest.main(["-p", "no:cacheprovider", "--engine", "Python", *tests]))
run
`);
  process.exit(run(process.argv.slice(2)));
}

main();
