// The campaign's page as one HTML document: style and script stand in it, under a nonce.

import { describe } from '../../../core/public-rules/describe.ts';
import type { Campaign } from '../../../core/rules/campaign.ts';
import { endText, minuteText } from '../../../core/rules/public-text.ts';
import { paletteOf } from './color.ts';
import { type Html, html, jsonIn, raw } from './html.ts';
import { ownHtml } from './prizes.ts';
import { type Terms, termsOf } from './terms.ts';
import { type Words, wordsOf } from './texts.ts';
import type { Assets, Lang, NoteView, PageView } from './view.ts';

export function pageHtml(view: PageView, assets: Assets): string {
  const words = wordsOf(view.lang);
  const { campaign, path, nonce } = view;
  const title = campaign.page?.title ?? campaign.name;
  const body = html`
<header class="hero">
<div class="top"><a class="lang" href="${path}?lang=${view.lang === 'en' ? 'zh' : 'en'}" lang="${view.lang === 'en' ? 'zh-CN' : 'en'}">${words.other}</a></div>
<h1>${title}</h1>
${campaign.page?.intro !== undefined && html`<p class="intro">${campaign.page.intro}</p>`}
${stage(view, words)}
</header>
<main class="sheet">
<section class="card" aria-labelledby="mine-title"><h2 id="mine-title">${words.mine}</h2><div id="mine">${ownHtml(view.own, view)}</div></section>
${view.hasInvite && invite(view, words)}
${rules(termsOf(campaign, words), words)}
${allRules(campaign, view.lang, words)}
${verify(view, words)}
<p class="foot">${words.foot}</p>
</main>
<script type="application/json" id="data">${jsonIn(dataOf(view, words))}</script>
${view.confirm && html`<script nonce="${nonce}" src="${view.confirm.script}"></script>`}
<script nonce="${nonce}">${raw(assets.script)}</script>`;
  return documentOf({ title, nonce, words, body, color: campaign.page?.color }, assets);
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
<body>${body}<noscript><p class="foot">${words.script}</p></noscript></body></html>`.text
  }`;
}

/** What the script cannot read off the page. */
function dataOf({ path, tap, confirm, own, campaign }: PageView, words: Words): object {
  const { won, coupon, nothing, said, opening, busy, offline, stale, again, drawHint } = words;
  const { confirming, confirmFailed, ending, endFailed } = words;
  return {
    path,
    tap,
    isRepeated: campaign.rules.some(rule => rule.once !== 'ever' && rule.on.some(({ kind }) => kind === 'visit')),
    isMoving: own.prizes.some(({ state }) => state === 'coming'),
    words: {
      ...{ won, coupon, nothing, said, opening, busy, offline, stale, again, drawHint },
      ...{ confirming, confirmFailed, ending, endFailed },
    },
    ...(confirm && { confirm: { config: confirm.config, transfers: confirm.transfers } }),
  };
}

/** The red packet: shut, with its coin; or what there is to say instead. */
function stage({ campaign, now, tap }: PageView, words: Words): Html {
  const { from, to } = campaign.period;
  const why =
    now < from
      ? words.notStarted(minuteText(from))
      : now >= to
        ? words.ended
        : tap === undefined
          ? words.noDraw
          : undefined;
  return html`<div class="stage" id="stage" data-state="shut">
<div class="packet">
<div class="paper"><p class="paper-title" id="result-title"></p><p class="paper-amount" id="result-amount" hidden><strong></strong><span>${words.yuan}</span></p></div>
<div class="pocket"></div><div class="flap"><span>${campaign.packet?.wishing}</span></div>
${
  why === undefined
    ? html`<button type="button" class="coin" id="draw" aria-label="${words.drawLong}"><span class="face">${words.draw}</span><span class="tail" aria-hidden="true"></span></button>`
    : html`<span class="coin still" aria-hidden="true"><span class="face">福</span></span>`
}
<div class="sparks" aria-hidden="true">${raw('<i></i>'.repeat(18))}</div>
</div>
<p class="hint" id="hint">${why ?? words.drawHint}</p>
<div class="result" id="result" role="status" aria-live="polite" tabindex="-1"></div>
<div class="after"><button type="button" class="button" id="chat" hidden>${words.backToChat}</button><button type="button" class="button quiet" id="again" hidden>${words.again}</button></div>
</div>`;
}

function invite({ path }: PageView, words: Words): Html {
  return html`<section class="card invite" aria-labelledby="invite-title"><h2 id="invite-title">${words.invite}</h2>
<img src="${path}/invite.png" width="180" height="180" alt="${words.inviteAlt}"><p>${words.inviteText}</p></section>`;
}

function rules(terms: Terms, words: Words): Html {
  const rows = terms.prizes.map(
    ({ name, worth, odds, stock }) =>
      html`<tr><th scope="row">${name}<small>${[worth, ...(stock === undefined ? [] : [stock])].join(' · ')}</small></th><td>${odds ?? '–'}</td></tr>`,
  );
  return html`<section class="card" aria-labelledby="rules-title"><h2 id="rules-title">${words.rules}</h2>
<dl class="facts"><dt>${words.period}</dt><dd>${terms.period}</dd>
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
  const keys = own.draws.map(({ claimKey, prize }) => html`<li><code>${claimKey}</code><span>${prize}</span></li>`);
  return html`<details class="card"><summary><h2>${words.verify}</h2></summary>
<p>${words.verifyLead}</p>
<dl class="proof"><dt>${words.commitment}</dt><dd><code>${commitment}</code></dd>
<dt>${words.seed}</dt><dd>${seed === undefined ? words.seedLater(endText(campaign.period.to)) : html`<code>${seed}</code>`}</dd>
<dt>${words.claims}</dt><dd id="claims">${keys.length > 0 ? html`<ul>${keys}</ul>` : words.noClaims}</dd>
<dt>${words.how}</dt><dd>${words.howText}</dd></dl>
<pre><code>printf %s '${own.draws[0]?.claimKey ?? words.claims}' | openssl dgst -sha256 -hmac '${seed ?? words.seed}'</code></pre></details>`;
}
