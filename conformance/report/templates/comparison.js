const form = document.getElementById("filters");
const query = document.getElementById("query");
const found = form.querySelector(".found");

form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = all("[data-row]");
  for (const row of rows) row.hidden = !words.every((word) => meant(row).includes(word));
  const lines = rows.filter((row) => row.tagName === "TR");
  const shown = lines.filter((row) => !row.hidden).length;
  found.textContent = words.length ? `${shown} of ${lines.length} requirements` : "";
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && event.target !== query && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.select();
  }
});

function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.tagName === "DETAILS") target.open = true;
}
addEventListener("hashchange", follow);
follow();
