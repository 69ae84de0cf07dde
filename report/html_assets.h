// Style and script of the HTML report. A change of either changes its hash below, which tests/report_html_test.cpp
// prints: the page's content security policy lets nothing else run.
#pragma once

#include "report/html_text.h"

namespace policyconv::report::html {

inline constexpr Literal style_hash = "+NFlRvDhfY0IqN5Ya2HorCkpNjkHydpIshCz5PBVymg=";
inline constexpr Literal script_hash = "hzgqdOpMu3SZENEaN/UBEpEqmWcvuSgtOzzjmpVPw9M=";

inline constexpr Literal style_sheet = R"(
:root { color-scheme: light; --ink: #1b1f24; --muted: #57606a; --paper: #ffffff; --soft: #f5f7f9; --line: #d0d7de;
  --accent: #0b5cad; --mark: #fff3bf; --mark-edge: #b98900; --same: #1a7f37; --none: #57606a; --stricter: #8a5a00;
  --looser: #a0197d; --refused: #c4202b; --cell: #7d9ec0; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { color-scheme: dark; --ink: #e6edf3;
  --muted: #9aa4ae; --paper: #0f1318; --soft: #181d24; --line: #343b44; --accent: #6cb6ff; --mark: #3d3410;
  --mark-edge: #e3b341; --same: #5fbf68; --none: #9aa4ae; --stricter: #e3b341; --looser: #f08bd2; --refused: #ff7b72;
  --cell: #4d7299; } }
:root[data-theme=dark] { color-scheme: dark; --ink: #e6edf3; --muted: #9aa4ae; --paper: #0f1318; --soft: #181d24;
  --line: #343b44; --accent: #6cb6ff; --mark: #3d3410; --mark-edge: #e3b341; --same: #5fbf68; --none: #9aa4ae;
  --stricter: #e3b341; --looser: #f08bd2; --refused: #ff7b72; --cell: #4d7299; }
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, sans-serif; }
body > header, main, footer { max-width: 84rem; margin: 0 auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 0 0 .75rem; } h3 { font-size: 1rem; margin: .5rem 0; }
a { color: var(--accent); } p { margin: .4rem 0; }
code, pre, .code { font: .8125rem/1.55 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100vw; } .skip:focus { left: .5rem; top: .5rem; z-index: 9; padding: .5rem 1rem;
  background: var(--paper); }
.muted { color: var(--muted); } .small { font-size: .85rem; } .hidden { display: none; }
body { overflow-wrap: break-word; } td, th, dt, dd { overflow-wrap: anywhere; }
.title { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; padding-top: 1.25rem; }
.title button { margin-left: auto; }
button, input[type=search] { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line);
  border-radius: 6px; padding: .3rem .7rem; } button { cursor: pointer; } button:hover { border-color: var(--accent); }
.verdict { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; margin: .9rem 0; padding: .8rem 1rem;
  background: var(--soft); border: 1px solid var(--line); border-left: .4rem solid; border-radius: 6px; }
.verdict strong { font-size: 1.15rem; }
.verdict.same { border-left-color: var(--same); } .verdict.stricter { border-left-color: var(--stricter); }
.verdict.looser { border-left-color: var(--looser); } .verdict.refused { border-left-color: var(--refused); }
.settings { display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; margin: .5rem 0; font-size: .85rem; }
.settings div { display: flex; gap: .4rem; max-width: 100%; } .settings div > * { min-width: 0; } .settings dt { color: var(--muted); } .settings dd { margin: 0; }
nav { position: sticky; top: 0; z-index: 5; background: var(--paper); border-bottom: 1px solid var(--line); }
nav ul { display: flex; gap: 1.25rem; max-width: 84rem; margin: 0 auto; padding: .55rem 1.25rem; list-style: none;
  overflow-x: auto; white-space: nowrap; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
main > section { padding: 1.5rem 0 .5rem; }
.bar { display: block; width: 100%; height: 1.4rem; border: 1px solid var(--line); border-radius: 6px; }
.bar .same { fill: var(--same); } .bar .none { fill: var(--none); } .bar .stricter { fill: var(--stricter); }
.bar .looser { fill: var(--looser); } .bar .refused { fill: var(--refused); }
.bar rect { stroke: var(--paper); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; padding: 0; margin: .6rem 0; list-style: none; }
.badge { font-weight: 600; white-space: nowrap; } .badge i { display: inline-block; width: 1.1em; font-style: normal; }
.badge.same { color: var(--same); } .badge.none, .badge.note { color: var(--none); }
.badge.stricter { color: var(--stricter); } .badge.looser { color: var(--looser); }
.badge.refused, .badge.error { color: var(--refused); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } .wide th, .wide td { min-width: 7.5rem; }
.wide td:first-child { min-width: 9.5rem; }
th { text-align: left; font-weight: 600; font-size: .85rem; color: var(--muted); }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.findings table { table-layout: fixed; } .findings th:nth-child(1) { width: 7.5rem; }
.findings th:nth-child(2) { width: 5.5rem; } .findings th:nth-child(3) { width: 18rem; }
tr:target, .l:target { background: var(--mark); }
.tools { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; margin-bottom: .75rem; }
.tools[hidden] { display: none; } .tools input[type=search] { flex: 1 1 16rem; min-width: 0; }
.tools label { white-space: nowrap; }
details > summary { cursor: pointer; } details.more > summary { padding: .5rem 0; color: var(--accent); }
.policy { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
.policy > summary { padding: .5rem .8rem; } .policy[open] > summary { border-bottom: 1px solid var(--line); }
.policy > div { padding: .6rem .8rem; } .policy > summary > * { margin-right: .8rem; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: .8rem; margin-top: .6rem; }
.pane > p { margin: 0 0 .25rem; font-size: .85rem; color: var(--muted); }
.code { position: relative; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; overflow: auto;
  max-height: 32rem; padding: .4rem 0; }
.l { display: flex; min-width: max-content; border-left: .25rem solid transparent; padding-right: .8rem; }
.l code { white-space: pre; } .n { flex: none; width: 3.6rem; padding-right: .8rem; text-align: right;
  color: var(--muted); text-decoration: none; user-select: none; }
a.n { color: var(--accent); text-decoration: underline; } .l[data-r] { border-left-color: var(--line); cursor: pointer; }
.l.hot { background: var(--mark); border-left-color: var(--mark-edge); }
.l.hot code { font-weight: 600; } .head { padding: .3rem .8rem .1rem; font-weight: 600; color: var(--muted); }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem 2rem; } .pictures figure { margin: 0; max-width: 100%; }
.pictures figcaption { font-weight: 600; margin-bottom: .25rem; }
.picture { overflow-x: auto; } .picture svg { display: block; font: 12px system-ui, sans-serif; }
.picture text { fill: var(--ink); } .box { fill: var(--paper); stroke: var(--line); } .full, .half { fill: var(--cell); }
.changed { fill: none; stroke: var(--ink); stroke-width: 2; } .sign { font-weight: 700; text-anchor: middle; }
.picture .sign.stricter { fill: var(--stricter); } .picture .sign.looser { fill: var(--looser); }
.sign { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
td.change { font-weight: 600; outline: 2px solid var(--ink); outline-offset: -3px; }
.cells td, .cells th { font-size: .8125rem; }
footer { margin-top: 2rem; padding-top: .75rem; padding-bottom: 1.5rem; border-top: 1px solid var(--line); }
@media (max-width: 60rem) { .pair { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 40rem) {
  body > header, main, footer { padding-left: .8rem; padding-right: .8rem; } nav ul { padding: .55rem .8rem; }
  .findings thead { display: none; }
  .findings table, .findings tbody, .findings tr, .findings td { display: block; }
  .findings tr { padding: .5rem 0; border-bottom: 1px solid var(--line); } .findings td { border: 0; padding: .1rem 0; }
  .findings td:nth-child(1), .findings td:nth-child(2) { display: inline-block; margin-right: .8rem; }
  .findings tr.hidden { display: none; } .l { padding-right: .4rem; } .n { width: 2.8rem; padding-right: .5rem; }
}
@media print { nav, .tools, #theme { display: none; } .code { max-height: none; } }
@media (prefers-reduced-motion: no-preference) { .code { scroll-behavior: smooth; } }
)";

inline constexpr Literal script = R"(
'use strict';
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

// Light and dark: as the system is, until the button is pressed.
const root = document.documentElement, theme = one('#theme');
const is_dark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
const show_theme = () => theme.setAttribute('aria-pressed', String(is_dark()));
theme.hidden = false;
theme.addEventListener('click', () => { root.dataset.theme = is_dark() ? 'light' : 'dark'; show_theme(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show_theme);
show_theme();

// What is linked to may lie in something closed.
const open_around = element => {
  for (let each = element; each; each = each.parentElement) if (each.tagName === 'DETAILS') each.open = true;
};
const go_to_hash = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  open_around(target);
  target.scrollIntoView({block: 'center'});
  const line = target.closest('.l');
  if (line) highlight(line);
};

// Findings: words and effects.
const search = one('#search'), tools = one('.tools');
if (search) {
  const rows = all('.findings tbody tr'), boxes = all('.tools input[type=checkbox]'), count = one('#count');
  const texts = rows.map(row => row.textContent.toLowerCase());
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(word => word);
    const off = new Set(boxes.filter(box => !box.checked).map(box => box.value));
    let shown = 0;
    rows.forEach((row, at) => {
      const fits = !off.has(row.dataset.effect) && words.every(word => texts[at].includes(word));
      row.classList.toggle('hidden', !fits);
      if (fits) ++shown;
    });
    const is_filtered = words.length > 0 || off.size > 0;
    for (const chunk of all('details.more', one('.findings'))) {
      const has_rows = one('tbody tr:not(.hidden)', chunk) !== null;
      chunk.classList.toggle('hidden', !has_rows);
      chunk.open = is_filtered && has_rows && shown <= 1000;
    }
    count.textContent = shown + ' / ' + rows.length;
  };
  tools.hidden = false;
  search.addEventListener('input', filter);
  boxes.forEach(box => box.addEventListener('change', filter));
  filter();
  document.addEventListener('keydown', event => {
    if (event.key === '/' && document.activeElement !== search && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === 'Escape' && document.activeElement === search) {
      search.value = '';
      filter();
    }
  });
}

// Lines of a policy and of the objects that came of it.
let kept = null;
const rules_of = line => line.dataset.r.split(' ');
const mark = line => {
  const pair = line.closest('.pair'), rules = new Set(rules_of(line));
  all('.l.hot').forEach(each => each.classList.remove('hot'));
  const marked = all('.l[data-r]', pair).filter(each => rules_of(each).some(rule => rules.has(rule)));
  marked.forEach(each => each.classList.add('hot'));
  const own = line.closest('.code');
  const there = marked.find(each => each.closest('.code') !== own);
  if (!there) return;
  const pane = there.closest('.code'), top = there.offsetTop;
  if (top < pane.scrollTop || top > pane.scrollTop + pane.clientHeight - 40)
    pane.scrollTop = Math.max(0, top - pane.clientHeight / 3);
};
const highlight = line => { kept = line; mark(line); };
const line_at = event => event.target.closest('.l[data-r]');
document.addEventListener('click', event => { const line = line_at(event); if (line) highlight(line); });
document.addEventListener('focusin', event => { const line = line_at(event); if (line) mark(line); });
document.addEventListener('mouseover', event => {
  const line = line_at(event);
  if (line) mark(line);
  else if (kept && !event.target.closest('.pair')) mark(kept);
});
window.addEventListener('hashchange', go_to_hash);
if (location.hash) go_to_hash();
)";

}  // namespace policyconv::report::html
