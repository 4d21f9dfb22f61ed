// Unpacks what a view is about, and gives it to the script that all views of the site share.
export async function unpack(data, name, file) {
  const { body } = await fetch(new URL(`views/${data}`, import.meta.url));
  const text = await new Response(body.pipeThrough(new DecompressionStream("deflate"))).text();
  const script = document.createElement("script");
  script.type = "module";
  const from = new URL(file, import.meta.url), { primitives } = await import(from);
  script.textContent =
    `import { ${name}, primitives } from "${from}";\nconst { ${Object.keys(primitives)} } = primitives;\n${text}`;
  document.head.append(script);
}
