// The campaign's page as one HTML document: style and script stand in it, under a nonce.

import { describe } from '../../../core/public-rules/describe.ts';
import type { Campaign } from '../../../core/rules/campaign.ts';
import { endText } from '../../../core/rules/public-text.ts';
import { paletteOf } from './color.ts';
import { type Html, html, jsonIn, raw } from './html.ts';
import { ownHtml } from './prizes.ts';
import { stage } from './stage.ts';
import { type Terms, termsOf } from './terms.ts';
import { type Words, wordsOf } from './texts.ts';
import type { Assets, Lang, NoteView, PageView } from './view.ts';

export function pageHtml(view: PageView, assets: Assets): string {
  const words = wordsOf(view.lang);
  const { campaign, path, nonce } = view;
  const title = campaign.page?.title ?? campaign.name;
  // Nothing is drawn here: what one came for is the code.
  const isAboutInviting = view.invite !== undefined && view.tap === undefined;
  const body = html`
<header class="hero">
<div class="top"><a class="lang" href="${path}?lang=${view.lang === 'en' ? 'zh' : 'en'}" lang="${view.lang === 'en' ? 'zh-CN' : 'en'}">${words.other}</a></div>
${campaign.page?.cover !== undefined && html`<img class="cover" src="${campaign.page.cover}" alt="">`}
<h1${isLong(title) && raw(' class="long"')}>${title}</h1>
${campaign.page?.intro !== undefined && html`<p class="intro">${campaign.page.intro}</p>`}
${isAboutInviting ? invite(view, words) : stage(view, words)}
</header>
<main class="sheet">
<section class="card" aria-labelledby="mine-title"><h2 id="mine-title">${words.mine}</h2><div id="mine">${ownHtml(view.own, view)}</div></section>
${view.invite && !isAboutInviting && invite(view, words)}
${rules(termsOf(campaign, words), words)}
${allRules(campaign, view.lang, words)}
${verify(view, words)}
<p class="foot">${words.foot(campaign.page?.organiser)}${campaign.page?.contact !== undefined && html`<br>${words.contact} ${campaign.page.contact}`}</p>
</main>
<script type="application/json" id="data">${jsonIn(dataOf(view, words))}</script>
${view.confirm && html`<script nonce="${nonce}" src="${view.confirm.script}"></script>`}
<script nonce="${nonce}">${raw(assets.script)}</script>`;
  return documentOf({ title, nonce, words, body, color: campaign.page?.color }, assets);
}

/** What would take more than two lines of a small phone is set smaller: the packet is seen without scrolling. */
function isLong(title: string): boolean {
  return [...title].reduce((width, sign) => width + (sign > '\u2e80' ? 2 : 1), 0) > 32;
}

/** A page that says one thing. */
export function noteHtml({ lang, note, nonce, again }: NoteView, assets: Assets): string {
  const words = wordsOf(lang);
  const [title, text] = words.notes[note];
  const body = html`<main class="note"><div class="note-mark" aria-hidden="true">!</div><h1>${title}</h1><p>${text}</p>
${again !== undefined && html`<a class="button" href="${again}">${words.reopen}</a>`}</main>`;
  return documentOf({ title, nonce, words, body }, assets);
}

/** Of a page that has no colour of its own: worked out once. */
const PLAIN = paletteOf(undefined);

type Document = { title: string; nonce: string; words: Words; body: Html; color?: string | undefined };

function documentOf({ title, nonce, words, body, color }: Document, { css }: Assets): string {
  const palette = color === undefined ? PLAIN : paletteOf(color);
  const variables = Object.entries(palette).map(([name, value]) => `--${name}:${value}`);
  return `<!doctype html>\n${
    html`<html lang="${words.html}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="format-detection" content="telephone=no"><meta name="robots" content="noindex">
<meta name="color-scheme" content="light"><meta name="theme-color" content="${palette.brand}">
<title>${title}</title><link rel="icon" href="data:,">
<style nonce="${nonce}">:root{${raw(variables.join(';'))}}${raw(css)}</style></head>
<body class="no-script">${body}<noscript><p class="foot">${words.script}</p></noscript></body></html>`.text
  }`;
}

/** What the script cannot read off the page. */
function dataOf({ path, tap, confirm, own, commitment }: PageView, words: Words): object {
  const { won, coupon, nothing, said, opening, busy, offline, stale, again, drawHint } = words;
  const { confirming, confirmFailed, ending, endFailed, left, verified, notVerified } = words;
  return {
    path,
    tap,
    commitment,
    isMoving: own.prizes.some(({ state }) => state === 'coming'),
    words: {
      ...{ won, coupon, nothing, said, opening, busy, offline, stale, again, drawHint },
      ...{ confirming, confirmFailed, ending, endFailed, left, verified, notVerified },
    },
    ...(confirm && { confirm: { config: confirm.config, transfers: confirm.transfers } }),
  };
}

/** The personal code, how far one has come, and how it is kept. */
function invite({ path, invite }: PageView, words: Words): Html {
  const { count = 0, goal } = invite ?? {};
  return html`<section class="card invite" aria-labelledby="invite-title"><h2 id="invite-title">${words.invite}</h2>
<img src="${path}/invite.png" width="200" height="200" alt="${words.inviteAlt}">
${goal !== undefined && html`<p class="progress"><b>${count}</b> / ${goal} <small>${words.friends}</small></p>`}<p>${words.inviteText}</p></section>`;
}

function rules(terms: Terms, words: Words): Html {
  const rows = terms.prizes.map(
    ({ name, worth, odds, stock }) =>
      html`<tr><th scope="row">${name}<small>${[worth, ...(stock === undefined ? [] : [stock])].join(' · ')}</small></th><td>${odds ?? '–'}</td></tr>`,
  );
  return html`<section class="card" aria-labelledby="rules-title"><h2 id="rules-title">${words.rules}</h2>
<dl class="facts"><dt>${words.period}</dt><dd><time>${terms.from}</time> ${words.to} <time>${terms.to}</time></dd>
${terms.hours !== undefined && html`<dt>${words.hours}</dt><dd>${terms.hours}</dd>`}</dl>
${
  rows.length > 0 &&
  html`<table><caption>${words.prizes}</caption><thead><tr><th scope="col">${words.prize}</th><th scope="col">${words.odds}</th></tr></thead><tbody>${rows}</tbody></table><p class="small">${words.oddsNote}</p>`
}</section>`;
}

/** Word for word what `describe` says, less how a draw is verified: that stands below. */
function allRules(campaign: Campaign, lang: Lang, words: Words): Html {
  const [, ...lines] = describe(campaign, { lang });
  const parts = lines.map(line => (line.startsWith('## ') ? html`<h3>${line.slice(3)}</h3>` : html`<p>${line}</p>`));
  return html`<details class="card all"><summary><h2>${words.allRules}</h2></summary>${parts}</details>`;
}

function verify({ own, commitment, seed, campaign }: PageView, words: Words): Html {
  const keys = own.draws.map(
    ({ claimKey, prize }) => html`<li><code data-claim>${claimKey}</code><span>${prize}</span></li>`,
  );
  return html`<details class="card" id="verify"><summary><h2>${words.verify}</h2></summary>
<p>${words.verifyLead}</p>
<dl class="proof"><dt>${words.commitment}</dt><dd><code>${commitment}</code></dd>
<dt>${words.seed}</dt><dd>${seed === undefined ? words.seedLater(endText(campaign.period.to)) : html`<code>${seed}</code>`}</dd>
<dt>${words.claims}</dt><dd id="claims">${keys.length > 0 ? html`<ul>${keys}</ul>` : words.noClaims}</dd>
<dt>${words.how}</dt><dd>${words.howText}</dd></dl>
${seed !== undefined && own.draws.length > 0 && html`<p><button type="button" class="button quiet" data-verify="${seed}">${words.verifyHere}</button></p><p id="verified" role="status"></p>`}
<pre><code>printf %s '${own.draws[0]?.claimKey ?? words.claims}' | openssl dgst -sha256 -hmac '${seed ?? words.seed}'</code></pre></details>`;
}
