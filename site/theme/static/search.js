// The search page. Its data come as a script, so that it works from a folder too.
(() => {
  const query = document.getElementById("query");
  const count = document.getElementById("count");
  const results = document.getElementById("results");
  const root = document.documentElement.dataset.root;
  let loading;

  const load = () => loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${root}search-data.js`;
    script.onload = () => resolve(window.searchData.map(([address, page, section, text]) =>
      ({ address, page, section, text, title: `${page} ${section}`.toLowerCase(), lower: text.toLowerCase() })));
    script.onerror = () => reject(new Error("search-data.js is missing"));
    document.head.append(script);
  });

  const score = (place, words) => {
    let sum = 0;
    for (const word of words) {
      const inTitle = place.title.includes(word);
      const inText = place.lower.split(word).length - 1;
      if (!inTitle && !inText) return 0;
      sum += 10 * inTitle + Math.min(inText, 5);
    }
    return sum;
  };

  // The words around the first hit, with every hit marked.
  const excerpt = (place, words) => {
    const paragraph = document.createElement("p");
    const first = Math.max(0, Math.min(...words.map((word) => place.lower.indexOf(word)).filter((at) => at >= 0), place.text.length));
    const start = first < 60 || first === place.text.length ? 0 : place.text.indexOf(" ", first - 60) + 1;
    const end = start + 220 < place.text.length ? place.text.lastIndexOf(" ", start + 220) : place.text.length;
    const shown = place.text.slice(start, end);
    const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
    paragraph.append(start ? "… " : "");
    shown.split(pattern).forEach((part, number) => {
      const piece = document.createElement(number % 2 ? "mark" : "span");
      piece.textContent = part;
      paragraph.append(piece);
    });
    paragraph.append(end < place.text.length ? " …" : "");
    return paragraph;
  };

  const show = async () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = !words.length ? [] : (await load())
      .map((place) => ({ place, points: score(place, words) }))
      .filter(({ points }) => points)
      .sort((a, b) => b.points - a.points);
    results.replaceChildren(...found.slice(0, 30).map(({ place }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = root + place.address;
      const title = place.section ? `${place.page}: ${place.section}` : place.page;
      for (const part of title.split(/(?<=[._])/)) link.append(part, document.createElement("wbr")); // long names of functions
      item.append(link, excerpt(place, words));
      return item;
    }));
    count.textContent = !words.length ? "" : found.length === 1 ? "Found in one place." :
      found.length ? `Found in ${found.length} places.` : "Found nowhere. Try fewer or shorter words.";
  };

  document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", show);
  query.value = new URLSearchParams(location.search).get("q") ?? "";
  show();
})();
