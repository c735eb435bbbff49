const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const sentences = new Map(all("details[data-row]").map((one) => [one.dataset.row, one.querySelector(".sentence").textContent]));
const meant = (row) => `${row.dataset.row} ${sentences.get(row.dataset.row) ?? ""}`.toLowerCase();
for (const link of all("tr[data-row] th a")) link.title = sentences.get(link.closest("tr").dataset.row) ?? "";

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
