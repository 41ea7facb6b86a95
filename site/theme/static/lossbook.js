// What pages do beyond HTML: colours, copying of code, chapters read, quizzes. Nothing is sent anywhere.
(() => {
  const page = document.documentElement;
  page.classList.add("js");

  // The fonts of the formulas, before the style sheet asks for them: a late one moves the lines around it.
  for (const font of page.dataset.fonts && location.protocol.startsWith("http") ? page.dataset.fonts.split(" ") : []) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "preload", as: "font", type: "font/woff", crossOrigin: "" });
    link.href = `${page.dataset.root}_static/fonts/${font}.woff`;
    document.head.append(link);
  }

  // Storage may be barred: then nothing is remembered.
  const remember = (key, value) => {
    try {
      if (value) localStorage.setItem(key, value); else localStorage.removeItem(key);
    } catch { }
  };
  const recall = (key) => {
    try { return localStorage.getItem(key); } catch { return null; }
  };

  // Colours: those the reader's system wants, unless the button said otherwise. Set before anything is painted.
  const wish = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => page.dataset.theme ? page.dataset.theme === "dark" : wish.matches;
  const stored = recall("lossbook.theme");
  if (stored) page.dataset.theme = stored;

  const showTheme = () => {
    for (const source of document.querySelectorAll("source.night")) {
      source.media = isDark() ? "screen" : "not all";
    }
    document.getElementById("theme").setAttribute("aria-pressed", isDark());
  };

  const themeButton = () => {
    document.getElementById("theme").addEventListener("click", () => {
      const chosen = isDark() ? "light" : "dark";
      if ((chosen === "dark") === wish.matches) delete page.dataset.theme; else page.dataset.theme = chosen;
      remember("lossbook.theme", page.dataset.theme);
      showTheme();
    });
    wish.addEventListener("change", showTheme);
    showTheme();
  };

  const copyText = async (block) => {
    try {
      await navigator.clipboard.writeText(block.textContent);
    } catch { // no clipboard outside a secure context
      getSelection().selectAllChildren(block);
      document.execCommand("copy");
      getSelection().empty();
    }
  };

  const copyButtons = () => {
    for (const block of document.querySelectorAll(".cell_input pre, article > section pre, article section section > div pre")) {
      if (block.closest(".cell_output") || block.parentElement.querySelector(".copy")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await copyText(block);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
      block.parentElement.append(button);
    }
  };

  // Chapters read, kept in this browser only.
  const name = (address) => address.split(/[?#]/)[0].slice(new URL(page.dataset.root, location.href).href.length);
  const chaptersRead = () => new Set((recall("lossbook.read") ?? "").split(" ").filter(Boolean));

  const showProgress = () => {
    const read = chaptersRead();
    const links = [...document.querySelectorAll(".contents .toctree-l1 > a")].filter((link) => name(link.href).startsWith("chapters/"));
    for (const link of links) {
      link.querySelector(".read")?.remove();
      if (read.has(name(link.href))) {
        const mark = document.createElement("span");
        mark.className = "read";
        mark.innerHTML = "<span class=\"unseen\">, read</span>";
        link.append(mark);
      }
    }
    const count = links.filter((link) => read.has(name(link.href))).length;
    document.getElementById("tally").textContent = `${count} of ${links.length} chapters read`;
  };

  const progress = () => {
    const box = document.getElementById("read");
    if (box) {
      box.checked = chaptersRead().has(name(location.href));
      box.addEventListener("change", () => {
        const read = chaptersRead();
        if (box.checked) read.add(name(location.href)); else read.delete(name(location.href));
        remember("lossbook.read", [...read].sort().join(" "));
        showProgress();
      });
    }
    showProgress();
  };

  // The answers stand in the page, folded: a choice shows its own.
  const quizzes = () => {
    for (const quiz of document.querySelectorAll(".quiz")) {
      const inputs = [...quiz.querySelectorAll("input")];
      const answers = [...quiz.querySelectorAll(".answers li")];
      const said = quiz.querySelector(".said");
      quiz.addEventListener("change", ({ target }) => {
        const answer = answers[inputs.indexOf(target)];
        for (const input of inputs) {
          const right = answers[inputs.indexOf(input)].className;
          input.parentElement.dataset.answer = input.checked ? right : "";
        }
        said.className = `said ${target.checked ? answer.className : ""}`;
        const shown = target.checked ? [...answer.querySelectorAll(":scope > strong, .feedback")] : [];
        said.replaceChildren(...shown.map((part) => part.cloneNode(true)));
      });
    }
  };

  // What scrolls sideways has to be reachable by keyboard.
  const scrollers = () => {
    const watch = new ResizeObserver((entries) => {
      const scrolls = entries.map(({ target }) => target.scrollWidth > target.clientWidth); // all read, then all written
      entries.forEach(({ target }, number) => {
        if (scrolls[number]) target.tabIndex = 0; else target.removeAttribute("tabindex");
      });
    });
    const boxes = ".derivation, .left, .right, div.math, picture, pre, .text_html, .table-wrapper, .architecture";
    for (const box of document.querySelectorAll(boxes)) watch.observe(box);
  };

  const closeContents = () => {
    const contents = document.getElementById("contents");
    contents.addEventListener("click", ({ target }) => {
      if (target.closest("a") && contents.matches(":popover-open")) contents.hidePopover();
    });
  };

  // Printing does not wait for fonts: those of large signs have to be there before one has come near the screen.
  addEventListener("load", () => {
    const large = document.querySelector(".delimsizing, .op-symbol") ? [...document.fonts] : [];
    for (const font of large.filter(({ family }) => family.includes("Size"))) font.load();
  });

  // Each in a task of its own, so that a slow phone answers in between.
  document.addEventListener("DOMContentLoaded", () => {
    for (const prepare of [themeButton, closeContents, copyButtons, progress, quizzes, scrollers]) setTimeout(prepare);
  });
})();
