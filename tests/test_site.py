"""Every page of the book, opened in Chromium: served under a sub-path with `default-src 'self'`, and from a folder."""

import re
import shutil
import zipfile
from html import unescape
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from site_pages import ROOT, Visit, address, build, chromium, pages_of_the_book, site  # noqa: F401

pytestmark = pytest.mark.thorough  # it opens every page in a browser

PAGES = pages_of_the_book()
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]
each_page = pytest.mark.parametrize("page", PAGES)
each_chapter = pytest.mark.parametrize("page", CHAPTERS)

FIGURES = """() => [...document.querySelectorAll("article img")].map(async (image) => {
    image.loading = "eager";
    await image.decode();
    return { alt: image.alt, source: image.currentSrc, width: image.naturalWidth, sized: image.hasAttribute("height") };
})"""

STRAY_STOPS = """() => [...document.querySelectorAll("article .math")].filter((formula) => {
    const stop = formula.nextSibling;
    if (!stop?.data?.match(/^[,.;:?!)]/) || formula.getClientRects().length !== 1) return false;
    const range = document.createRange();
    range.setStart(stop, 0);
    range.setEnd(stop, 1);
    return range.getBoundingClientRect().top > formula.getBoundingClientRect().bottom;
}).map((formula) => formula.parentElement.innerText.slice(-60))"""

LINES_OF_A_REASON = {1280: 2, 768: 99}
"""The most lines of a reason in a derivation, on a screen and on a tablet of so many pixels."""

STRAY_REASONS = """(most) => [...document.querySelectorAll(".derivation .reason")].filter((reason) => {
    const box = reason.closest("details") ?? document.documentElement, range = document.createRange();
    range.selectNodeContents(reason);
    const lines = new Set([...range.getClientRects()].map((line) => line.top)).size;
    return reason.getBoundingClientRect().right > box.getBoundingClientRect().right + 1 || lines > most;
}).map((reason) => reason.innerText)"""

FONTS = "document.fonts.ready.then((fonts) => [...fonts].map((font) => font.status))"

ARRIVES = """async (name) => {
    const top = () => document.getElementById(name).getBoundingClientRect().top;
    for (let turn = 0; turn < 10; turn++) {
        const before = top();
        await new Promise((done) => setTimeout(done, 500));
        if (Math.abs(before) < 200 && top() === before) return true; // and does not scroll past it
    }
    return false;
}"""


def figures(visit):
    return visit.page.evaluate(f"async () => await Promise.all(({FIGURES})())")


@pytest.fixture(scope="module")
def on_a_phone(chromium, address):
    """What a phone of 360 pixels finds on a page, light and dark; each page is opened once."""
    known = {}

    def find(page):
        if page not in known:
            with Visit(chromium, address + page, width=360) as visit:
                visit.page.wait_for_load_state("networkidle")
                loaded = visit.bytes
                visit.open_all()
                known[page] = {
                    "bytes": loaded,
                    "overflow": visit.overflow(),
                    "figures": figures(visit),
                    "formulas": visit.page.locator(".katex").count(),
                    "spoken": visit.page.locator(".katex math").count(),
                    "sheets": visit.page.evaluate(
                        "[...document.styleSheets].map((sheet) => sheet.href.split('/').pop())"
                    ),
                    "stray stops": visit.page.evaluate(STRAY_STOPS),
                    "broken fonts": visit.page.evaluate(
                        "[...document.fonts].filter((f) => f.status === 'error').length"
                    ),
                    "axe": visit.axe(),
                }
                visit.page.emulate_media(color_scheme="dark")
                known[page]["dark"] = visit.contrast()
                known[page]["figures at night"] = figures(visit)
                known[page]["foreign"], known[page]["errors"] = visit.foreign, visit.errors
        return known[page]

    return find


@each_page
def test_a_page_asks_no_other_host(on_a_phone, page):
    assert on_a_phone(page)["foreign"] == []


@each_page
def test_a_page_reports_no_error_under_the_strictest_policy(on_a_phone, page):
    assert on_a_phone(page)["errors"] == []


@each_page
def test_axe_finds_nothing_in_light_or_dark(on_a_phone, page):
    assert on_a_phone(page)["axe"] == []
    assert on_a_phone(page)["dark"] == []


def test_axe_finds_faint_text_and_an_image_without_words(chapter):
    chapter.page.evaluate("""() => {
        const text = document.querySelectorAll("article p")[1];
        text.style.color = "#bbb";
        text.append(document.createElement("img"));
    }""")
    assert sorted(line.partition(":")[0] for line in chapter.axe()) == ["color-contrast", "image-alt"]


@each_page
def test_no_page_is_wider_than_a_phone(on_a_phone, page):
    assert on_a_phone(page)["overflow"] == [], "these reach beyond 360 pixels: break the line, or let it scroll"


@each_page
def test_each_formula_is_also_mathml_and_no_font_is_broken(on_a_phone, page):
    found = on_a_phone(page)
    assert found["formulas"] == found["spoken"]
    assert found["broken fonts"] == 0


@each_page
def test_no_line_begins_with_the_stop_behind_a_formula(on_a_phone, page):
    assert on_a_phone(page)["stray stops"] == []


@each_page
def test_figures_are_drawn_sized_and_described(on_a_phone, page):
    for figure in on_a_phone(page)["figures"]:
        assert figure["width"] > 0 and figure["sized"], figure
        assert len(figure["alt"]) > 40, figure


@each_page
def test_figures_turn_dark_with_the_page(on_a_phone, page):
    assert all(".night." not in figure["source"] for figure in on_a_phone(page)["figures"])
    assert all(".night." in figure["source"] for figure in on_a_phone(page)["figures at night"])


@each_chapter
def test_a_chapter_needs_150_kilobytes_at_most(on_a_phone, page):
    assert 0 < on_a_phone(page)["bytes"] <= 150 * 1024


@each_page
def test_a_page_loads_the_style_sheet_of_the_book_alone(on_a_phone, page):
    assert [name.partition("?")[0] for name in on_a_phone(page)["sheets"]] == ["lossbook.css"]


def test_the_book_has_mathematics_and_figures(on_a_phone):
    assert sum(on_a_phone(page)["formulas"] for page in CHAPTERS) > 40 * len(CHAPTERS)
    assert sum(len(on_a_phone(page)["figures"]) for page in CHAPTERS) >= len(CHAPTERS)


@pytest.fixture(scope="module")
def from_a_folder(chromium, site):
    """What a page shows that no server sends, on a screen and on a tablet; each page is opened once."""
    known = {}

    def find(page):
        if page not in known:
            with Visit(chromium, (site / page).as_uri()) as visit:
                found = known[page] = {"figures": figures(visit)}
                found["fonts"] = visit.page.evaluate(FONTS)
                visit.open_all()
                for width, most_lines in LINES_OF_A_REASON.items():
                    visit.page.set_viewport_size({"width": width, "height": 800})
                    visit.lay_out()
                    found[f"reasons at {width}"] = visit.page.evaluate(STRAY_REASONS, most_lines)
                found["foreign"], found["errors"] = visit.foreign, visit.errors
        return known[page]

    return find


@each_page
def test_a_page_opens_from_a_folder_without_errors(from_a_folder, page):
    found = from_a_folder(page)
    assert all(figure["width"] > 0 for figure in found["figures"])
    assert "error" not in found["fonts"]
    assert (found["foreign"], found["errors"]) == ([], [])


@pytest.mark.parametrize("width", LINES_OF_A_REASON)
@each_page
def test_no_reason_leaves_the_page_or_the_box_of_a_solution_or_takes_many_lines(from_a_folder, page, width):
    assert from_a_folder(page)[f"reasons at {width}"] == []


@each_chapter
def test_without_scripts_a_chapter_reads_and_its_solutions_open(chromium, site, page):
    with Visit(chromium, (site / page).as_uri(), width=360, scripts=False) as visit:
        assert visit.page.locator("h1").is_visible()
        open_formulas = visit.page.locator("p .math:not(details *)").all()
        assert open_formulas and all(formula.is_visible() for formula in open_formulas[:5])
        assert not visit.page.locator("#theme").is_visible()
        solution = visit.page.locator("details.solution").first
        assert not solution.locator("> :not(summary)").first.is_visible()
        solution.locator("summary").first.click(trial=True)  # nothing lies over it
        solution.locator("summary").first.press("Enter")  # a click may miss what fonts and pictures still move
        solution.locator("> :not(summary)").first.wait_for()
        visit.page.get_by_role("button", name="Contents").click()
        visit.page.get_by_role("navigation", name="Contents").get_by_text("Bibliography").click()
        assert visit.page.title().startswith("Bibliography")


@each_chapter
def test_a_solution_opens_by_keyboard(chromium, site, page):
    with Visit(chromium, (site / page).as_uri()) as visit:
        solution = visit.page.locator("details.solution").first
        summary = solution.locator("summary").first
        summary.focus()
        visit.page.keyboard.press("Enter")
        assert solution.get_attribute("open") is not None
        visit.page.keyboard.press("Space")
        assert solution.get_attribute("open") is None


@pytest.mark.parametrize("page", ["reference/catalogue.html", "reference/practice.html", CHAPTERS[7]])
def test_a_link_leads_to_its_section(chromium, address, page):
    with Visit(chromium, address + page, width=360) as visit:
        names = visit.page.evaluate("[...document.querySelectorAll('article section section')].map((part) => part.id)")
    for name in names[1:-3:8]:  # the last may be too near the end of the page
        with Visit(chromium, f"{address}{page}#{name}", width=360) as visit:
            assert visit.page.evaluate(ARRIVES, name), name


@pytest.fixture
def chapter(chromium, address):
    with Visit(chromium, f"{address}{CHAPTERS[1]}") as visit:
        yield visit
        assert visit.errors == []


def test_focus_is_visible_on_everything_that_takes_it(chapter):
    seen = set()
    for _ in range(40):
        chapter.page.keyboard.press("Tab")
        place, name, width = chapter.page.evaluate("""(() => {
            const focused = document.activeElement;
            const place = [...document.querySelectorAll("*")].indexOf(focused);
            return [place, focused.outerHTML.slice(0, 90), getComputedStyle(focused).outlineWidth];
        })()""")
        assert float(width.removesuffix("px")) >= 2, name
        seen.add(place)
    assert len(seen) == 40


def test_the_first_key_leads_to_the_text(chapter):
    chapter.page.keyboard.press("Tab")
    chapter.page.keyboard.press("Enter")
    assert chapter.page.url.endswith("#text")


def test_contents_open_and_close_by_keyboard_on_a_phone(chromium, address):
    with Visit(chromium, f"{address}{CHAPTERS[0]}", width=360) as visit:
        button = visit.page.get_by_role("button", name="Contents")
        contents = visit.page.get_by_role("navigation", name="Contents")
        assert not contents.is_visible()
        button.press("Enter")
        contents.wait_for()
        visit.page.keyboard.press("Escape")
        contents.wait_for(state="hidden")
        button.press("Enter")
        contents.get_by_role("link", name="Exercises", exact=True).click()
        contents.wait_for(state="hidden")
        assert visit.page.url.endswith("#exercises")


def test_what_scrolls_sideways_is_reached_by_keyboard(chromium, address):
    with Visit(chromium, f"{address}{CHAPTERS[2]}", width=360) as visit:
        unreached = """[...document.querySelectorAll("article *")].filter((box) =>
            box.scrollWidth > box.clientWidth + 1 && box.clientWidth
            && /auto|scroll/.test(getComputedStyle(box).overflowX) && box.tabIndex < 0
            ).map((box) => box.outerHTML.slice(0, 90))"""
        visit.open_all()
        visit.page.wait_for_timeout(200)
        assert visit.page.evaluate(unreached) == []


def test_boxes_to_tick_are_as_large_as_a_fingertip_needs(chapter):
    """24 CSS pixels: success criterion 2.5.8 of WCAG 2.2, whatever stands beside them."""
    boxes = chapter.page.locator("input[type=radio], input[type=checkbox]")
    sizes = boxes.evaluate_all("boxes => boxes.map(box => Math.min(box.clientWidth, box.clientHeight))")
    assert len(sizes) > 6 and min(sizes) >= 24


def test_the_colours_chosen_last_are_kept(chapter):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = chapter.page.evaluate(ground)
    chapter.page.get_by_role("button", name="Dark").press("Enter")
    dark = chapter.page.evaluate(ground)
    assert dark != light
    chapter.page.reload()
    assert chapter.page.evaluate(ground) == dark
    assert all(".night." in figure["source"] for figure in figures(chapter))
    chapter.page.emulate_media(media="print")
    assert chapter.page.evaluate(ground) == light


def test_the_copy_button_copies_the_cell(chapter):
    chapter.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cell = chapter.page.locator(".cell_input").nth(1)
    cell.get_by_role("button", name="Copy").press("Enter")
    cell.get_by_role("button", name="Copied").wait_for()
    assert chapter.page.evaluate("navigator.clipboard.readText()") == cell.locator("pre").text_content()


def test_a_chapter_read_is_remembered_and_marked(chapter):
    def tally():
        return chapter.page.locator("#tally").text_content()

    assert tally() == f"0 of {len(CHAPTERS)} chapters read"
    chapter.page.get_by_label("I have read this chapter").press("Space")
    assert tally() == f"1 of {len(CHAPTERS)} chapters read"
    chapter.page.reload()
    assert chapter.page.get_by_label("I have read this chapter").is_checked()
    assert chapter.page.locator(".contents .current .read").count() == 1
    chapter.page.get_by_label("I have read this chapter").press("Space")
    assert tally() == f"0 of {len(CHAPTERS)} chapters read"


def test_barred_storage_does_no_harm(chromium, address):
    barred = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('barred') } })"
    with Visit(chromium, f"{address}{CHAPTERS[0]}", first=barred) as visit:
        visit.page.get_by_label("I have read this chapter").press("Space")
        visit.page.get_by_role("button", name="Dark").press("Enter")
        assert visit.page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
        assert visit.errors == []


@pytest.mark.parametrize("folder", [True, False], ids=["from a folder", "from a server"])
def test_search_finds_a_section_offline(chromium, address, site, folder):
    root = f"{site.as_uri()}/" if folder else address
    with Visit(chromium, f"{root}{CHAPTERS[1]}") as visit:
        box = visit.page.get_by_role("searchbox", name="Search the book")
        box.fill("saturate sigmoid")
        box.press("Enter")
        found = visit.page.locator("#results a").first
        found.wait_for()
        assert "sigmoid" in visit.page.locator("#results p").first.text_content().lower()
        found.click()
        visit.page.wait_for_load_state()
        assert "#" in visit.page.url and visit.page.locator(":target").count() == 1
        assert (visit.foreign, visit.errors) == ([], [])


def test_search_shows_formulas_as_one_reads_them(chromium, address):
    with Visit(chromium, f"{address}search.html?q=temperature") as visit:
        visit.page.get_by_text("a temperature T > 0 before the softmax. What is ∂p_i / ∂z_j now").wait_for()


def test_search_says_so_where_nothing_is_found(chromium, address):
    with Visit(chromium, f"{address}search.html?q=xyzzy") as visit:
        visit.page.get_by_text("Found nowhere").wait_for()
        assert visit.page.locator("#results li").count() == 0


def test_paper_shows_the_chapter_alone(chapter):
    chapter.page.emulate_media(media="print")
    for hidden in (".bar", ".contents", ".turn", ".take", "footer", "details.solution"):
        assert not chapter.page.locator(hidden).first.is_visible(), hidden
    for shown in ("h1", ".derivation", "figure img", ".cell_input"):
        assert chapter.page.locator(shown).first.is_visible(), shown
    assert chapter.page.pdf().startswith(b"%PDF")


def test_fonts_of_large_signs_do_not_wait_until_one_is_on_the_screen(chromium, address):
    """Printing waits for no font, and a sum far down the page has never been laid out when the page is printed."""
    with Visit(chromium, f"{address}{CHAPTERS[4]}") as visit:
        visit.page.wait_for_function(
            """() => {
                const large = [...document.fonts].filter((font) => font.family.includes("Size"));
                return large.length && large.every((font) => font.status === "loaded");
            }"""
        )


def test_the_lines_of_a_title_are_alike_in_length_beside_the_links(chromium, address):
    with Visit(chromium, f"{address}{CHAPTERS[4]}", width=768) as visit:
        lines = visit.page.locator("h1").evaluate(
            """(title) => {
                const range = document.createRange();
                range.selectNodeContents([...title.childNodes].find((node) => node.nodeType === Node.TEXT_NODE));
                return [...range.getClientRects()].map((line) => line.width);
            }"""
        )
        assert len(lines) == 2 and max(lines) < 2 * min(lines)


def test_reasons_stand_beside_the_lines_or_under_them(chapter):
    line = chapter.page.locator(".derivation .line").nth(1)
    right, reason = (line.locator(part).bounding_box() for part in (".right", ".reason"))
    assert reason["x"] >= right["x"] + right["width"]
    chapter.page.set_viewport_size({"width": 360, "height": 800})
    right, reason = (line.locator(part).bounding_box() for part in (".right", ".reason"))
    assert reason["y"] >= right["y"] + right["height"] - 1 and reason["x"] + reason["width"] <= 360


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_both_sides_of_a_line_of_a_derivation_have_one_baseline(chromium, address, width):
    with Visit(chromium, address + CHAPTERS[14], width=width) as visit:
        visit.open_all()
        apart = visit.page.evaluate("""() => [...document.querySelectorAll(".derivation .line")].filter((line) => {
            const [left, right] = [line.querySelector(".left"), line.querySelector(".right")];
            const beside = right.getBoundingClientRect().left >= left.getBoundingClientRect().right - 1;
            return left.innerText && beside;
        }).map((line) => {
            const [left, right] = [...line.querySelectorAll(".left, .right")].map((side) => {
                const mark = document.createElement("span");
                mark.style.display = "inline-block";
                side.querySelector(".katex-html .base").prepend(mark);
                return mark.getBoundingClientRect().bottom;
            });
            return Math.abs(left - right);
        })""")
        assert len(apart) > 3 and max(apart) < 1


def test_a_heading_of_a_column_does_not_end_in_a_lone_number_on_a_phone(chromium, address):
    with Visit(chromium, address + "chapters/07-many-classes-on-paper.html", width=360) as visit:
        lines = visit.page.evaluate("""() => [...document.querySelectorAll("thead th")]
            .filter((heading) => heading.textContent.startsWith("from node"))
            .map((heading) => {
                const range = document.createRange();
                range.setStart(heading.firstChild, "from ".length);
                range.setEnd(heading.firstChild, "from node 1".length);
                return new Set([...range.getClientRects()].map((line) => line.top)).size;
            })""")
        assert lines and set(lines) == {1}


def test_a_figure_of_one_panel_is_seen_whole_on_a_phone(chromium, address):
    with Visit(chromium, address + CHAPTERS[0], width=360) as visit:
        boxes = visit.page.locator("picture.narrow img").all()
        assert boxes
        for image in boxes:
            image.scroll_into_view_if_needed()
            box = image.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_letters_that_share_a_line_of_the_notation_stand_in_one_line(chromium, address, width):
    with Visit(chromium, f"{address}reference/notation.html", width=width) as visit:
        visit.lay_out()
        cell = visit.page.locator("tr", has_text="the index of a class").locator("td").first
        tops = cell.locator(".math").evaluate_all("letters => letters.map(part => part.getBoundingClientRect().top)")
        assert len(tops) == 4 and max(tops) - min(tops) < 5


def test_short_code_in_a_sentence_stands_in_one_line(chromium, address):
    with Visit(chromium, f"{address}{CHAPTERS[2]}", width=360) as visit:
        visit.open_all()
        lines = visit.page.locator("p .short").evaluate_all("all => all.map(code => code.getClientRects().length)")
        assert len(lines) > 1 and set(lines) == {1}


@pytest.mark.parametrize("width", [768, 1440])
def test_a_name_among_others_in_a_table_stands_in_one_line(chromium, address, width):
    with Visit(chromium, f"{address}reference/conventions.html", width=width) as visit:
        visit.lay_out()
        names = visit.page.locator("td code").filter(has_text="_")
        lines = names.evaluate_all("all => all.map(name => name.getClientRects().length)")
        assert len(lines) > 5 and set(lines) == {1}


def test_examples_and_parameters_of_the_library_stand_in_whole_lines(chromium, address):
    with Visit(chromium, f"{address}reference/api.html", width=1440) as visit:
        visit.lay_out()
        over = visit.page.locator("dd pre").evaluate_all("all => all.map(pre => pre.scrollWidth - pre.clientWidth)")
        assert len(over) > 5 and set(over) == {0}
        heights = visit.page.locator(".sig-param").evaluate_all("all => all.map(n => n.getBoundingClientRect().height)")
        assert len(heights) > 50 and max(heights) < 1.5 * min(heights)


def test_a_line_of_the_architecture_is_seen_where_it_passes_a_frame(chromium, address):
    with Visit(chromium, f"{address}reference/architecture.html") as visit:
        fills = visit.page.locator(".architecture rect").evaluate_all("all => all.map(f => getComputedStyle(f).fill)")
        assert len(fills) > 20 and set(fills) == {"none"}


def test_addresses_in_the_bibliography_are_links_and_ranges_of_pages_stay_whole(site):
    text = (site / "reference/bibliography.html").read_text("utf-8")
    sources = text[text.index("<article") : text.index("</article>")]
    assert '<span class="together">102(477):359–378,</span>' in sources
    links = re.findall(r'<a class="reference external" href="(https://[^"]*)">(.*?)</a>', sources)
    assert len(links) > 15
    for target, shown in links:
        assert re.sub("<[^>]*>", "", shown) in (target.removeprefix("https://"), f"doi:{target[16:]}")
    assert "github.com" not in re.sub("<[^>]*>", "", re.sub("<a .*?</a>", "", sources))


def test_neighbouring_chapters_are_linked(chapter):
    chapter.page.get_by_role("navigation", name="Neighbouring pages").get_by_role("link", name="Next").click()
    assert chapter.page.url.endswith(CHAPTERS[2])


@each_page
def test_a_page_says_what_it_is(site, page):
    text = (site / page).read_text("utf-8")
    described = re.search(r'<meta name="description" content="([^"]*)">', text)[1]
    assert 20 < len(unescape(described)) <= 165
    assert len(unescape(re.search("<title>([^<]*)</title>", text)[1])) > 10
    assert text.count('name="viewport"') == 1
    for card in re.findall(r'<meta property="og:image" content="[^"]*(_cards/[^"]*)">', text):
        assert (site / card).read_bytes().startswith(b"\x89PNG")


@each_page
def test_no_formula_is_left_as_it_was_typed(site, page):
    text = re.sub(r"<(pre|code|script|annotation)\b.*?</\1>", "", (site / page).read_text("utf-8"), flags=re.DOTALL)
    assert re.findall(r"\$[^$<]*\$", text) == []


def test_a_signature_shows_what_one_may_write(site):
    text = unescape(re.sub("<[^>]*>", "", (site / "reference/api.html").read_text("utf-8")))
    assert "parameters={}" in text and "<factory>" not in text and "loss=losses.softmax_cross_entropy" in text


def test_titles_and_descriptions_differ_from_page_to_page(site):
    heads = [
        re.findall(r'<title>.*?</title>|<meta name="description".*?>', (site / page).read_text("utf-8"))
        for page in PAGES
    ]
    for kind in zip(*heads):
        assert len(set(kind)) == len(PAGES)


def test_the_fonts_hold_every_character_of_the_formulas(site):
    drawn = {
        ord(character)
        for page in PAGES
        for part in re.findall(
            r'<span class="katex-html"[^>]*>(.*?)</span></span>(?=[^<]|<(?!span))',
            (site / page).read_text("utf-8"),
            re.DOTALL,
        )
        for character in unescape(re.sub("<[^>]*>", "", part))
    }
    held = {code for font in (site / "_static/fonts").glob("*.woff") for code in TTFont(font).getBestCmap()}
    spaces = {0x200B, 0xA0, 0x20, 0x0A}
    assert len(drawn) > 50 and drawn - held - spaces == set()


@each_chapter
def test_the_notebook_is_there_to_take_along(site, page):
    notebook = Path(page).with_suffix(".ipynb")
    assert f'href="{notebook.name}" download' in (site / page).read_text("utf-8")
    assert (site / notebook).read_bytes() == (ROOT / notebook).read_bytes()


def test_the_zip_holds_the_whole_site_but_itself(site):
    with zipfile.ZipFile(site / "lossbook-site.zip") as archive:
        packed = {name.removeprefix("lossbook/"): archive.read(name) for name in archive.namelist()}
    there = {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    del there["lossbook-site.zip"]
    assert packed == there


def test_two_builds_are_the_same_to_the_byte(site, tmp_path):
    """The other in a folder of another name, with other dates of its files, time zone, locale and hash seed."""
    elsewhere = tmp_path / "another fôlder"
    shutil.copytree(
        ROOT, elsewhere, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("_build", ".*", "__pycache__")
    )
    (elsewhere / ".venv").symlink_to(ROOT / ".venv")
    finished = build(
        elsewhere, tmp_path, PYTHONHASHSEED="7", TZ="Asia/Kathmandu", LC_ALL="C", LANGUAGE="de", LANG="tr_TR.UTF-8"
    )
    assert finished.returncode == 0, finished.stdout
    again = tmp_path / "_build/html"
    names = {path.relative_to(site) for path in site.rglob("*") if path.is_file()}
    assert names == {path.relative_to(again) for path in again.rglob("*") if path.is_file()}
    assert [name for name in sorted(names) if (site / name).read_bytes() != (again / name).read_bytes()] == []
