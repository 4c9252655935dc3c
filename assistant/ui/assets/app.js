"use strict";
(() => {
    /* A chip opens its source at the words that support the sentence. */
    function openWords(id) {
        const words = document.getElementById(id);
        if (!words) return;
        for (let box = words.closest("details"); box; box = box.parentElement.closest("details")) {
            box.open = true;
        }
        document.querySelectorAll("mark.chosen").forEach((mark) => mark.classList.remove("chosen"));
        words.classList.add("chosen");
        const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        words.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
        words.focus({ preventScroll: true });
    }

    document.addEventListener("click", (event) => {
        const chip = event.target.closest("a.chip");
        if (chip) {
            event.preventDefault();
            openWords(chip.getAttribute("href").slice(1));
        }
        const copy = event.target.closest("button.copy-quote");
        if (copy) {
            navigator.clipboard.writeText(copy.dataset.quote).then(() => {
                copy.textContent = "Copied";
                setTimeout(() => (copy.textContent = "Copy quote"), 1500);
            });
        }
    }, true);

    /* Names and roles that Gradio leaves out: of attached pictures, of the examples, which are
       buttons and so no list, and of a gallery without pictures. */
    new MutationObserver(() => {
        document.querySelectorAll("#conversation .user button:not([aria-label])").forEach((picture) => {
            if (!picture.textContent.trim()) picture.setAttribute("aria-label", "Enlarge the picture");
        });
        document.querySelectorAll(".examples[role=list]").forEach((examples) => {
            examples.setAttribute("role", "group");
            examples.setAttribute("aria-label", "Example questions");
        });
        document.querySelectorAll("#gallery .empty[aria-label]:not([role])").forEach((empty) => {
            empty.setAttribute("role", "img");
        });
    }).observe(document.documentElement, { childList: true, subtree: true });

    /* Answers are copied as words with [n], not as HTML. */
    function asWords(html) {
        const page = new DOMParser().parseFromString(html, "text/html");
        page.querySelectorAll(".byline, .step, .illustrations").forEach((element) => element.remove());
        page.querySelectorAll("a.chip").forEach((chip) => chip.replaceWith(`[${chip.textContent}]`));
        page.querySelectorAll("br").forEach((end) => end.replaceWith("\n"));
        page.querySelectorAll("p, div, li").forEach((block) => block.append("\n"));
        return page.body.textContent.replace(/\n{3,}/g, "\n\n").trim();
    }
    if (navigator.clipboard) {
        const write = navigator.clipboard.writeText.bind(navigator.clipboard);
        navigator.clipboard.writeText = (text) =>
            write(text.includes('<div class="answer') ? asWords(text) : text);
    }
})();
