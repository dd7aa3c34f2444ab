// What the theme leaves out for those who hear a page or have no mouse.
addEventListener("DOMContentLoaded", () => {
  const name = (selector, label) => document.querySelectorAll(selector).forEach(part => part.setAttribute("aria-label", label));
  name("aside.sidebar-drawer", "All pages");
  name("aside.toc-drawer", "On this page");
  document.querySelectorAll("[role=heading]:not([aria-level])").forEach(part => part.setAttribute("aria-level", "2"));
  if (!document.querySelector("h1")) {
    const title = document.createElement("h1"); // the page of the search
    title.textContent = document.title.split(" - ")[0];
    document.querySelector("article")?.prepend(title);
  }
  const reach = () => document.querySelectorAll("pre, .table-wrapper").forEach(part => {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0; // the keys then scroll it
    else part.removeAttribute("tabindex");
  });
  reach();
  addEventListener("resize", reach);
});
