// Draws every figure in the colours of the reader's scheme, and again when the scheme changes.
(() => {
  "use strict";
  const read = (id) => document.getElementById(id).textContent;
  const themes = JSON.parse(read("themes"));
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const drawn = [];
  const NARROW = 460; // pixels in which three entries of a legend do not fit beside each other

  async function drawOne(name, spec, tone) {
    const place = document.getElementById("figure-" + name);
    const config = structuredClone(themes[tone]);
    if (place.clientWidth < NARROW) config.legend.columns = 2;
    try {
      const result = await window.vegaEmbed(place, spec, {
        renderer: "svg",
        config,
        tooltip: { theme: tone },
        actions: { export: { svg: true, png: true }, source: false, compiled: false, editor: false },
        downloadFileName: name,
      });
      drawn.push(result);
    } catch (error) {
      place.textContent = "This figure could not be drawn: " + error.message;
    }
  }

  async function draw() {
    const tone = dark.matches ? "dark" : "light";
    drawn.splice(0).forEach((result) => result.finalize());
    const specs = JSON.parse(read("specs"));
    await Promise.all(Object.entries(specs).map(([name, spec]) => drawOne(name, spec, tone)));
    document.documentElement.dataset.drawn = tone;
  }

  dark.addEventListener("change", draw);
  draw();
})();
