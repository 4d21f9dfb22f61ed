// The worker in which Python runs: it is told cells, one after the other, and gives back what each shows, as HTML.
import { loadPyodide } from "../python/pyodide.mjs";

const START = `
import sys, traceback
from html import escape
sys.path.insert(0, "/home/pyodide")
from micrograd_like.views.lessons import execute
space = {"__name__": "__main__"}

def run(source, name):
    try:
        return execute(source, space, name).html
    except SyntaxError as error:
        return f'<pre class="error">{escape("".join(traceback.format_exception_only(error)))}</pre>'
    except BaseException as error:
        lines = [x for x in traceback.extract_tb(error.__traceback__) if x.filename.startswith("<cell")]
        where = "".join(traceback.format_list(lines[-1:]))
        return f'<pre class="error">{escape(where + "".join(traceback.format_exception_only(error)))}</pre>'
run
`;

async function start() {
  const home = new URL("../python/", import.meta.url);
  const [python, package_] = await Promise.all([
    loadPyodide({ indexURL: home.href }),
    fetch(new URL("package.zip", home)).then((answer) => answer.arrayBuffer()),
  ]);
  python.unpackArchive(package_, "zip", { extractDir: "/home/pyodide" });
  return python.runPython(START);
}
const ready = start();
ready.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error) }));

onmessage = async ({ data: { id, source } }) => {
  const run = await ready;
  postMessage({ id, html: run(source, `<cell ${id}>`) });
};
