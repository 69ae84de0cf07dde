// The pages that pages.cpp wrote, as a reader has them: opened from a file, without a network. With SCREENSHOTS=DIRECTORY
// the pictures of docs/images are taken, too.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const wide = { width: 1280, height: 900 }, narrow = { width: 400, height: 800 };
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync',
           '--no-first-run'],
  });
});
after(async () => { await browser?.close(); });

/// Opens a page, lets `look` look at it, and insists that nothing was logged as an error or asked of a network.
const look_at = async (name, options, look) => {
  const context = await browser.newContext({ viewport: wide, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(path.resolve('pages', name)).href;
  const problems = [];
  await context.route('**', (route, request) => {
    if (request.url() === url) return route.continue();
    problems.push(`asked for ${request.url()}`);
    return route.abort();
  });
  page.on('console', message => { if (['error', 'warning'].includes(message.type())) problems.push(message.text()); });
  page.on('pageerror', error => problems.push(String(error)));
  page.on('dialog', dialog => { problems.push(dialog.message()); return dialog.dismiss(); });
  try {
    await page.goto(url);
    await look(page);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
};

const shown_rows = page => page.locator('.findings tbody tr:not(.hidden)').count();
const is_overflowing = page =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
/// Elements with text of their own that reach beyond the window and cannot be scrolled to.
const cut_off = page => page.evaluate(() => {
  const scrolls = element => {
    for (let each = element; each; each = each.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(each).overflowX)) return true;
    return false;
  };
  return [...document.querySelectorAll('h1, h2, p, td, th, summary, li, strong, button, input')]
    .filter(element => element.checkVisibility() &&
                       element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element))
    .map(element => element.outerHTML.slice(0, 200));
});

test('the report of a real run has all its parts', () => look_at('shop.html', {}, async page => {
  assert.match(await page.title(), /^policyconv migrate: something was refused$/);
  assert.match(await page.locator('.verdict').innerText(), /exit status 5/);
  assert.match(await page.locator('.verdict').innerText(), /92\.3 % of 26 rules kept identical/);
  for (const part of ['totals', 'findings', 'policies', 'matrix', 'codes', 'files'])
    assert.equal(await page.locator(`section#${part}`).isVisible(), true, part);
  assert.equal(await page.locator('.policy').count(), 12);
  assert.equal(await page.locator('#matrix svg').count(), 2);
  assert.equal(await page.evaluate(() => document.querySelectorAll('[id]').length ===
    new Set([...document.querySelectorAll('[id]')].map(each => each.id)).size), true, 'ids are unique');
  const dangling = await page.evaluate(() => [...document.querySelectorAll('a[href^="#"]')]
    .map(each => each.getAttribute('href').slice(1)).filter(id => !document.getElementById(id)));
  assert.deepEqual(dangling, []);
}));

test('search and effects filter the findings', () => look_at('shop.html', {}, async page => {
  const every = await shown_rows(page);
  assert.ok(every > 3);
  await page.fill('#search', 'PC1101');
  assert.equal(await shown_rows(page), 1);
  assert.match(await page.locator('.findings tbody tr:not(.hidden)').innerText(), /refused/);
  assert.equal(await page.locator('#count').innerText(), `1 / ${every}`);
  await page.fill('#search', 'catalog no-such-word');
  assert.equal(await shown_rows(page), 0);
  await page.fill('#search', '');
  assert.equal(await shown_rows(page), every);
  await page.uncheck('.tools input[value=refused]');
  assert.equal(await shown_rows(page), every - 1);
  assert.equal(await page.locator('.findings tr[data-effect=refused]').isVisible(), false);
}));

test('the keyboard is enough', () => look_at('shop.html', {}, async page => {
  const focused = () => page.evaluate(() => document.activeElement.className || document.activeElement.id ||
                                            document.activeElement.textContent);
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'skip');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, 'none');
  assert.equal(await page.evaluate(() => document.activeElement.getBoundingClientRect().left >= 0), true);
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => location.hash), '#findings');
  await page.keyboard.press('/');
  assert.equal(await focused(), 'search');
  await page.keyboard.type('a/b');
  assert.equal(await page.inputValue('#search'), 'a/b');
  await page.keyboard.press('Escape');
  assert.equal(await page.inputValue('#search'), '');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  assert.equal(await page.locator('.tools input[type=checkbox]').first().isChecked(), false);
  await page.keyboard.press('/');
  assert.equal(await focused(), 'search');
  // A policy opens by keyboard.
  const policy = page.locator('#policies .policy').nth(1);
  await policy.locator('summary').first().focus();
  await page.keyboard.press('Enter');
  assert.equal(await policy.evaluate(element => element.open), true);
}));

/// A rule with lines in both panes, in a policy that is open.
const open_pair = page => page.evaluate(() => {
  for (const pair of document.querySelectorAll('.pair')) {
    const link = pair.querySelector('.pane:first-child a.n');
    if (!link) continue;
    for (let each = pair; each; each = each.parentElement) if (each.tagName === 'DETAILS') each.open = true;
    return { from: link.closest('.l').id, to: link.getAttribute('href').slice(1) };
  }
  return null;
});

test('a rule and its objects light up together', () => look_at('shop.html', {}, async page => {
  const { from, to } = await open_pair(page);
  const hot = id => page.locator(`#${id}`).evaluate(element => element.classList.contains('hot'));
  await page.hover(`#${from} code`);
  assert.equal(await hot(to), true);
  assert.equal(await hot(from), true);
  const others = await page.locator('.l.hot').evaluateAll(lines => new Set(lines.map(line => line.closest('.pair'))).size);
  assert.equal(others, 1);
  assert.ok(await page.locator('.l.hot').count() < await page.locator('.pair .l[data-r]').count());
  await page.click(`#${from} a.n`);
  assert.equal(await page.evaluate(() => location.hash), `#${to}`);
  const is_in_view = await page.locator(`#${to}`).evaluate(line => {
    const own = line.getBoundingClientRect(), pane = line.closest('.code').getBoundingClientRect();
    return own.top >= pane.top - 1 && own.bottom <= pane.bottom + 1 && own.top >= 0 && own.bottom <= innerHeight;
  });
  assert.equal(is_in_view, true);
  // And back.
  await page.click(`#${to} a.n`);
  assert.equal(await page.evaluate(() => location.hash), `#${from}`);
  assert.equal(await hot(from), true);
}));

test('a link into a closed policy opens it', () => look_at('shop.html', {}, async page => {
  const closed = page.locator('#policies .policy:not([open])').last();
  const id = await closed.locator('tr[id]').first().getAttribute('id');
  await page.evaluate(target => { location.hash = target; }, id);
  await page.waitForFunction(target => document.getElementById(target).checkVisibility(), id);
}));

test('without scripts the page is whole, and its links work', () =>
  look_at('shop.html', { javaScriptEnabled: false }, async page => {
    assert.equal(await page.locator('.tools').isVisible(), false);
    assert.equal(await page.locator('#theme').isVisible(), false);
    assert.ok(await page.locator('.findings tbody tr').count() > 3);
    const policy = page.locator('#policies .policy').filter({ has: page.locator('.pane:first-child a.n') }).first();
    await policy.locator('summary').click();
    const link = policy.locator('.pane:first-child a.n').first();
    const target = (await link.getAttribute('href')).slice(1);
    await link.click();
    assert.ok(page.url().endsWith(`#${target}`));
    assert.equal(await page.locator(`#${target}:target`).isVisible(), true);
  }));

test('the pictures show before and after, and what changed is framed and signed', () => look_at('shop.html', {}, async page => {
  const [before, after] = [page.locator('#matrix figure').nth(0), page.locator('#matrix figure').nth(1)];
  assert.equal(await before.locator('.changed').count(), 0);
  const changed = await after.locator('.changed').count();
  assert.ok(changed > 0);
  assert.equal(await after.locator('.sign').count(), changed);
  assert.equal(await page.locator('#matrix td.change').count(), changed);
  await page.locator('#matrix details summary').click();
  assert.match(await page.locator('#matrix td.change').first().innerText(), /stricter|looser/);
}));

for (const [name, viewport] of [['1280', wide], ['400', narrow]])
  for (const file of ['shop.html', 'hostile.html', 'large.html'])
    test(`${file} is readable at ${name} pixels`, () => look_at(file, { viewport }, async page => {
      if (file !== 'large.html')
        await page.evaluate(() => document.querySelectorAll('details').forEach(each => { each.open = true; }));
      assert.equal(await is_overflowing(page), false);
      assert.deepEqual(await cut_off(page), []);
      const size = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector('.findings td')).fontSize));
      assert.ok(size >= 13, `letters of ${size} pixels`);
    }));

const luminance = colour => {
  const [r, g, b] = colour.match(/[\d.]+/g).map(Number).map(each => each / 255)
    .map(each => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
};

for (const colorScheme of ['light', 'dark'])
  test(`${colorScheme} as the system is, and the other by the button`, () => look_at('shop.html', { colorScheme }, async page => {
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const is_dark = async () => luminance(await paper()) < 0.2;
    assert.equal(await is_dark(), colorScheme === 'dark');
    const legible = async () => {
      const background = await paper();
      const colours = await page.evaluate(() => [...document.querySelectorAll('body, .muted, .badge, a, th')]
        .map(each => [each.className || each.tagName, getComputedStyle(each).color]));
      for (const [what, colour] of colours)
        assert.ok(contrast(colour, background) >= 4.5, `${what}: ${contrast(colour, background).toFixed(1)}`);
    };
    await legible();
    await page.click('#theme');
    assert.equal(await is_dark(), colorScheme !== 'dark');
    assert.equal(await page.getAttribute('#theme', 'aria-pressed'), String(colorScheme !== 'dark'));
    await legible();
  }));

test('hostile texts are shown as text', () => look_at('hostile.html', {}, async page => {
  assert.match(await page.title(), /^policyconv migrate/);
  assert.equal(await page.locator('main').isVisible(), true);
  for (const foreign of ['img', 'iframe', 'object', 'embed', 'link', 'base', 'form', 'main script'])
    assert.equal(await page.locator(foreign).count(), 0, foreign);
  assert.equal(await page.locator('script').count(), 1);
  assert.equal(await page.locator('style').count(), 1);
  const on = await page.evaluate(() => [...document.querySelectorAll('*')]
    .flatMap(each => [...each.attributes]).filter(each => each.name.startsWith('on') || /^javascript:/i.test(each.value))
    .map(each => each.name));
  assert.deepEqual(on.filter(name => name !== 'aria-label'), []);
  const text = await page.locator('#findings').innerText();
  for (const shown of ["<script>document.title='mark'</script>", "\"><img src=x onerror=document.title='mark'>", ']]><svg onload',
                       '</style><style>', '&lt;mark&gt; &amp;', '\\u{202e} mark', '🔥 mark', '\\x1b[31m', '\\xff', 'wwwwwwwwww'])
    assert.ok(text.includes(shown), shown);
  await page.evaluate(() => document.querySelectorAll('details').forEach(each => { each.open = true; }));
  await page.fill('#search', '<script>');
  assert.ok(await shown_rows(page) > 0);
  assert.match(await page.title(), /^policyconv migrate/);
}));

test('5,000 findings stay usable', () => look_at('large.html', {}, async page => {
  assert.equal(await page.locator('.findings tbody tr').count(), 5000);
  const began = Date.now();
  await page.fill('#search', 'policy-4999');
  assert.equal(await shown_rows(page), 1);
  assert.equal(await page.locator('.findings tbody tr:not(.hidden)').isVisible(), true);
  await page.fill('#search', '');
  assert.equal(await shown_rows(page), 5000);
  assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
}));

if (process.env.SCREENSHOTS)
  test('pictures for the documentation', async () => {
    const pictures = [['report-light', wide, 'light'], ['report-dark', wide, 'dark'], ['report-400', narrow, 'light']];
    for (const [name, viewport, colorScheme] of pictures)
      await look_at('shop.html', { viewport, colorScheme }, async page => {
        await page.screenshot({ path: path.join(process.env.SCREENSHOTS, `${name}.png`) });
        if (name !== 'report-light') return;
        const { from } = await open_pair(page);
        await page.hover(`#${from} code`);
        await page.screenshot({ path: path.join(process.env.SCREENSHOTS, 'report-policy.png') });
        await page.locator('#matrix').screenshot({ path: path.join(process.env.SCREENSHOTS, 'report-matrix.png') });
      });
  });
