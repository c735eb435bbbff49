"""The page in a real browser: both themes, a phone, paper, without JavaScript, without network."""

import shutil

import pytest

playwright_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the browser tests need axe")

from conformance.declaration import judge  # noqa: E402
from conformance.report import Run, Section, comparison, page  # noqa: E402
from tests.results.sample import declarations, document  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def browser():
    with playwright_api.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    kills = [{"defect": "keeps tail", "requirement": "write.truncates", "caught": True, "calls": 1234}]
    file = tmp_path_factory.mktemp("page") / "report.html"
    html = page(document(), judge(document(), declarations()), extras=[Section(title="Planted defects", rows=kills)])
    file.write_text(html, encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    file = tmp_path_factory.mktemp("comparison") / "index.html"
    run = Run(document=document(), judgement=judge(document(), declarations()), href="all/index.html")
    file.write_text(comparison([run]), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def visit(browser, address):
    """Open the page; everything that it asks for and every error that it makes is kept."""
    contexts = []

    def open_page(anchor="", width=1280, height=900, at="", **options):
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **options)
        contexts.append(context)
        opened = context.new_page()
        opened.asked, opened.errors = [], []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.on("console", lambda message: message.type == "error" and opened.errors.append(message.text))
        opened.goto((at or address) + anchor)
        return opened

    yield open_page
    for context in contexts:
        context.close()


def open_everything(opened):
    opened.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")


@pytest.mark.parametrize("opened", [False, True], ids=["as-it-comes", "all-open"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation(visit, theme, opened):
    shown = visit(color_scheme=theme)
    if opened:
        open_everything(shown)
    found = axe_api.Axe().run(shown, options=RULES)
    told = [(v["id"], [node["html"][:160] for node in v["nodes"][:3]]) for v in found.response["violations"]]
    assert told == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_reader_can_choose_the_other_theme(visit, theme):
    other = "dark" if theme == "light" else "light"
    shown = visit(color_scheme=theme)
    before = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    shown.locator(f"#theme-{other}").check(force=True)
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert axe_api.Axe().run(shown, options=RULES).violations_count == 0
    shown.reload()
    assert shown.locator(f"#theme-{other}").is_checked()


def test_nothing_is_asked_of_the_network_and_nothing_goes_wrong(visit, address):
    shown = visit()
    open_everything(shown)
    assert shown.asked == [address]
    assert shown.errors == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
@pytest.mark.parametrize("width", [390, 320, 768])
def test_there_is_no_sideways_scroll(visit, width, scripts):
    shown = visit(width=width, java_script_enabled=scripts)
    if scripts:
        open_everything(shown)
    assert shown.evaluate("document.documentElement.scrollWidth") == width


def test_without_scripts_everything_can_be_read(visit):
    shown = visit(java_script_enabled=False)
    assert not shown.locator("#filters").is_visible()
    assert shown.locator("button.copy:visible").count() == 0
    shown.locator("#r-read\\.range > summary").click()
    assert shown.locator("#r-read\\.range .body").get_by_text("TypeError: unexpected <None>").is_visible()
    card = shown.locator("details.card.c-deviation").first
    card.locator("summary").first.click()
    assert card.get_by_text("the driver passes the error of remove(2) on").is_visible()
    shown.locator("#theme-dark").check(force=True)
    assert shown.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def rows(shown):
    return shown.locator(".matrix tr[data-row]:visible").count()


def test_the_filter_finds_by_text_state_and_level_and_keeps_the_hash(visit):
    shown = visit()
    whole = rows(shown)
    shown.keyboard.press("/")
    shown.keyboard.type("delete idem")
    assert rows(shown) == 1
    assert shown.locator(".found").inner_text() == f"1 of {whole} requirements"
    assert shown.locator(".requirement:visible").count() == 1
    assert "q=delete+idem" in shown.url
    shown.keyboard.press("Escape")
    assert rows(shown) == whole
    shown.locator("input[name=state][value=fail]").check(force=True)
    assert rows(shown) == 5
    shown.locator("input[name=level][value=spec-must]").check(force=True)
    assert rows(shown) < 5
    shared = visit("#" + shown.url.partition("#")[2])
    assert rows(shared) == rows(shown)
    assert shared.locator("input[name=state][value=fail]").is_checked()


def test_a_link_opens_what_it_leads_to(visit):
    shown = visit("#r-multipart.complete")
    assert shown.locator("#r-multipart\\.complete .body").is_visible()
    deviation = shown.locator(".matrix td a", has_text="deviation").first
    deviation.click()
    assert shown.locator(deviation.get_attribute("href") + " .card-body").is_visible()


def test_copying_gives_the_plain_text(visit):
    shown = visit(permissions=["clipboard-read", "clipboard-write"])
    card = shown.locator("details.card").first
    card.locator("button.copy").first.click()
    shown.wait_for_function("document.getElementById('told').textContent !== ''")
    assert shown.locator("#told").inner_text() == "Copied"
    assert shown.evaluate("navigator.clipboard.readText()").startswith('"""delete.idempotent does not hold on fs.')


def test_the_header_of_the_matrix_stays_in_sight(visit):
    shown = visit()
    box = shown.locator(".matrix")
    box.evaluate("box => box.scrollTop = 400")
    top = box.bounding_box()["y"]
    assert abs(shown.locator(".matrix thead th").nth(1).bounding_box()["y"] - top) <= 2


def test_on_paper_everything_is_there(visit):
    shown = visit(color_scheme="dark")
    shown.emulate_media(media="print")
    assert not shown.locator("#filters").is_visible()
    assert shown.locator(".matrix").evaluate("box => box.scrollHeight <= box.clientHeight + 2")
    assert shown.locator("details.card.c-deviation .versus").first.bounding_box()["height"] > 0
    assert len(shown.pdf()) > 20_000


def test_forced_colors_keep_words_and_signs(visit):
    shown = visit(forced_colors="active")
    assert shown.locator(".matrix .state", has_text="fail").first.is_visible()


def test_hostile_names_run_nothing(visit):
    shown = visit()
    open_everything(shown)
    assert shown.evaluate("document.scripts.length") == 2
    assert shown.locator(".unseen").first.is_visible()
    assert "alert(1)" in shown.locator("#failures").inner_text()


# the page that compares


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation_on_the_comparison(visit, compared, theme):
    shown = visit(at=compared, color_scheme=theme)
    open_everything(shown)
    found = axe_api.Axe().run(shown, options=RULES)
    told = [(v["id"], [node["html"][:160] for node in v["nodes"][:3]]) for v in found.response["violations"]]
    assert told == []
    assert shown.errors == []


def test_the_comparison_does_not_scroll_sideways_on_a_phone_and_filters(visit, compared):
    shown = visit(at=compared, width=390)
    assert shown.evaluate("document.documentElement.scrollWidth") <= 390
    shown.fill("#query", "idempotent")
    visible = shown.locator("tr[data-row]:not([hidden])")
    assert 0 < visible.count() < shown.locator("tr[data-row]").count()
    assert "of" in shown.locator(".found").inner_text()
