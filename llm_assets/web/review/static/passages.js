// The passages of the original: that of the field in which a person is stands out and is in sight.
"use strict";
document.addEventListener("focusin", (event) => {
  const name = event.target.name;
  if (!name || !event.target.closest("#answer")) return;
  let first = null;
  for (const mark of document.querySelectorAll(".original mark")) {
    const own = mark.dataset.names.split(" ").includes(name);
    mark.classList.toggle("now", own);
    if (own && !first) first = mark;
  }
  if (first) first.scrollIntoView({ block: "nearest" });
});
