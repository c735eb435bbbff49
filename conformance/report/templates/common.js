const all = (selector, root = document) => [...root.querySelectorAll(selector)];

try {
  const saved = localStorage.getItem("storage-conformance-theme");
  if (saved) document.getElementById(`theme-${saved}`)?.click();
  for (const input of all("input[name=theme]")) {
    input.addEventListener("change", () => localStorage.setItem("storage-conformance-theme", input.value));
  }
} catch { /* without storage the choice lasts as long as the page */ }

let closed = [];
addEventListener("beforeprint", () => {
  closed = all("details:not([open])");
  for (const details of closed) details.open = true;
});
addEventListener("afterprint", () => { for (const details of closed) details.open = false; });
