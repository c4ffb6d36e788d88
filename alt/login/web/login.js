// The page works without this file; with it, the picture changes each second and
// the page goes on by itself.
"use strict";
(function () {
  const again = function () { location.reload(); };
  if (document.querySelector("[data-again]")) setTimeout(again, 2000);
  const place = document.querySelector("[data-live]");
  if (!place || !window.EventSource) return;
  const source = new EventSource(place.dataset.live);
  source.addEventListener("picture", function (e) {
    const drawn = JSON.parse(e.data);
    const svg = document.getElementById("qr");
    svg.setAttribute("viewBox", "0 0 " + drawn.size + " " + drawn.size);
    svg.querySelector("path").setAttribute("d", drawn.path);
    place.classList.add("drawn");
  });
  source.addEventListener("stale", function () { place.classList.remove("drawn"); });
  source.addEventListener("ended", function () { source.close(); again(); });
  source.addEventListener("error", function () {
    if (source.readyState === EventSource.CLOSED) setTimeout(again, 3000);
  });
})();
