// Unpacks what a view is about, and gives it to the script that all views of the site share.
export async function unpack(data, name, file) {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const text = await new Response(plain).text();
  const script = document.createElement("script");
  script.type = "module";
  const from = new URL(file, import.meta.url), { primitives } = await import(from);
  script.textContent =
    `import { ${name}, primitives } from "${from}";\nconst { ${Object.keys(primitives)} } = primitives;\n${text}`;
  document.head.append(script);
}
