// Draws every figure in the colours of the reader's scheme, and again when the scheme changes.
(() => {
  "use strict";
  const read = (id) => document.getElementById(id).textContent;
  const themes = JSON.parse(read("themes"));
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const drawn = [];
  const MENU = 30; // pixels at the right end of the first line, where the menu of a figure stands

  function isLegendCut(place) {
    const legend = place.querySelector("svg .role-legend");
    const frame = place.querySelector("svg").getBoundingClientRect();
    return legend !== null && legend.getBoundingClientRect().right > frame.right - MENU;
  }

  async function drawOne(name, spec, tone) {
    const place = document.getElementById("figure-" + name);
    const config = structuredClone(themes[tone]);
    const options = {
      renderer: "svg",
      config,
      tooltip: { theme: tone },
      actions: { export: { svg: true, png: true }, source: false, compiled: false, editor: false },
      downloadFileName: name,
    };
    try {
      let result = await window.vegaEmbed(place, spec, options);
      while (config.legend.columns > 1 && isLegendCut(place)) {
        result.finalize();
        config.legend.columns -= 1;
        result = await window.vegaEmbed(place, spec, options);
      }
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
