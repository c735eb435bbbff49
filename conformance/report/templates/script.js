const form = document.getElementById("filters");
const query = document.getElementById("query");
const told = document.getElementById("told");
const found = form.querySelector(".found");
const rows = all("[data-row]");
const picked = (name) => all(`input[name=${name}]:checked`, form).map((input) => input.value);

function filter() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const states = picked("state");
  const levels = picked("level");
  let shown = 0;
  for (const row of rows) {
    const has = row.dataset.states.split(" ");
    row.hidden = !(
      words.every((word) => meant(row).includes(word)) &&
      (!states.length || states.some((state) => has.includes(state))) &&
      (!levels.length || levels.includes(row.dataset.level))
    );
    if (!row.hidden && row.tagName === "TR") shown += 1;
  }
  for (const group of all("[data-group]")) group.hidden = !group.querySelector("[data-row]:not([hidden])");
  const total = rows.filter((row) => row.tagName === "TR").length;
  const active = words.length || states.length || levels.length;
  found.textContent = active ? `${shown} of ${total} requirements` : "";
  return { q: query.value, state: states.join(","), level: levels.join(",") };
}

function keep() {
  const wanted = Object.entries(filter()).filter(([, value]) => value);
  const hash = wanted.length ? `#${new URLSearchParams(wanted)}` : "#matrix";
  history.replaceState(null, "", hash);
}

function follow() {
  const hash = location.hash.slice(1);
  if (hash.includes("=")) {
    const wanted = new URLSearchParams(hash);
    query.value = wanted.get("q") ?? "";
    for (const input of all("input[type=checkbox]", form)) {
      input.checked = (wanted.get(input.name) ?? "").split(",").includes(input.value);
    }
    filter();
    return;
  }
  const target = hash && document.getElementById(decodeURIComponent(hash));
  if (!target) return;
  for (let node = target; node; node = node.parentElement) {
    if (node.tagName === "DETAILS") node.open = true;
    node.hidden &&= false;
  }
  target.scrollIntoView();
}

form.hidden = false;
form.addEventListener("input", keep);
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", follow);
addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.matches("input[type=search], textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === "Escape" && event.target === query) {
    query.value = "";
    keep();
  }
});

for (const button of all("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const label = button.textContent;
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      said = "Selected, press Ctrl+C";
    }
    button.textContent = told.textContent = said;
    setTimeout(() => { button.textContent = label; told.textContent = ""; }, 1600);
  });
}

const save = document.getElementById("save");
save.hidden = false;
save.addEventListener("click", async () => {
  const packed = Uint8Array.from(atob(document.getElementById("document").textContent), (c) => c.charCodeAt(0));
  const text = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await new Response(text).blob());
  link.download = "conformance-results.jsonl";
  link.click();
  URL.revokeObjectURL(link.href);
});

follow();
