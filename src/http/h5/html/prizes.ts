// A visitor's own prizes: what became of each, and what there is to do.

import { yuanText } from '../../../core/base/money.ts';
import { minuteText } from '../../../core/rules/public-text.ts';
import { type Html, html } from './html.ts';

import { type Words, wordsOf } from './texts.ts';
import type { Lang, Own, OwnPrize } from './view.ts';

export function ownHtml({ prizes, isAuthorized }: Own, { lang }: { lang: Lang }): Html {
  const words = wordsOf(lang);
  const list =
    prizes.length === 0
      ? html`<p class="none">${words.none}</p>`
      : html`<ul class="prizes">${prizes.map(prize => prizeHtml(prize, words))}</ul>`;
  return html`${list}${isAuthorized && authorizedHtml(words)}`;
}

/** What the visitor has agreed to, and how they end it. */
function authorizedHtml(words: Words): Html {
  return html`<div class="authorized"><p>${words.authorized}</p><button type="button" class="button quiet" data-end>${words.endAuthorized}</button><p role="status"></p></div>`;
}

function prizeHtml({ name, at, state, amount, when, text, billNo }: OwnPrize, words: Words): Html {
  const todo = text ?? words.todo(when === undefined ? '' : minuteText(when))[state];
  return html`<li data-state="${state}"><div class="prize-head"><strong>${name}</strong>${
    amount !== undefined && html`<b>${yuanText(amount)}<small> ${words.yuan}</small></b>`
  }</div><div class="prize-foot"><span class="tag ${state}">${words.states[state]}</span><time>${minuteText(at)}</time></div>
<p>${todo}</p>${
    billNo !== undefined &&
    html`<button type="button" class="button" data-confirm="${billNo}">${words.confirm}</button>`
  }</li>`;
}
