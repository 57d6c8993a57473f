// The stage of the page: the red packet with its coin, or, where a tap would come to nothing, why, and what to do instead.

import { isKeyOf } from '../../../core/base/record.ts';
import { minuteText } from '../../../core/rules/public-text.ts';
import { type Html, html, raw } from './html.ts';
import type { Words } from './texts.ts';
import type { Outlook, PageView } from './view.ts';

export function stage({ campaign, now, tap, outlook, lang }: PageView, words: Words): Html {
  const isOpen = tap !== undefined && outlook?.kind !== 'shut';
  const shut = outlook?.kind === 'shut' ? shutHtml(outlook, words, now) : isOpen ? html`` : noDraw(words);
  return html`<div class="stage" id="stage" data-state="${isOpen ? 'shut' : 'said'}" lang="${lang === 'en' ? 'en' : 'zh-CN'}">
<div class="packet">
<div class="paper"><p class="paper-title" id="result-title"></p><p class="paper-amount" id="result-amount" hidden><strong></strong><span>${words.yuan}</span></p></div>
<div class="pocket"></div><div class="flap"><span>${campaign.packet?.wishing}</span></div>
${isOpen && html`<button type="button" class="coin" id="draw" aria-label="${words.drawLong}"><span class="face">${words.draw}</span><span class="tail" aria-hidden="true"></span></button>`}
<div class="sparks" aria-hidden="true">${raw('<i></i>'.repeat(18))}</div>
</div>
<p class="hint" id="hint" role="status">${isOpen && hintOf(outlook, words)}</p>
<div class="shut" id="shut">${shut}</div>
<div class="result" id="result" role="status" aria-live="polite" tabindex="-1"></div>
<div class="after"><button type="button" class="button" id="chat" hidden>${words.backToChat}</button><button type="button" class="button quiet" id="again" hidden>${words.again}</button></div>
</div>`;
}

function hintOf(outlook: Outlook | undefined, words: Words): string {
  const chances = outlook?.kind === 'open' ? outlook.chances : undefined;
  return chances === undefined ? words.drawHint : words.chances(chances);
}

/** For the script, after a tap: what the next one might come to, or what stands in its place. */
export function nextOf(outlook: Outlook | undefined, words: Words, now: number): { hint: string; shut: string } {
  return { hint: hintOf(outlook, words), shut: outlook?.kind === 'shut' ? shutHtml(outlook, words, now).text : '' };
}

type Shut = Extract<Outlook, { kind: 'shut' }>;
type Why = Shut['why'];

/** What its picture shows: a clock, a tick, an empty box, a hand. */
const PICTURES: Partial<Record<Why, 'clock' | 'tick' | 'box'>> = {
  notStarted: 'clock',
  closed: 'clock',
  between: 'clock',
  tooSoon: 'clock',
  later: 'clock',
  halted: 'clock',
  paused: 'clock',
  already: 'tick',
  limited: 'tick',
  noChance: 'tick',
};
const DRAWN = {
  clock: '<circle cx="24" cy="24" r="15"/><path d="M24 15v9l6 4"/>',
  tick: '<circle cx="24" cy="24" r="15"/><path d="m17 24.5 5 5 9.5-10"/>',
  box: '<path d="M9 19h30v20H9zM6 12h36v7H6zM24 12v27"/>',
};

/** Where one goes from here. */
const TO_PRIZES: readonly Why[] = ['already', 'ended'];

/** An icon, a title, the reason and one button. */
function shutHtml({ why, text, opensAt }: Shut, words: Words, now: number): Html {
  const [title, reason] = words.shut[isKeyOf(words.shut, why) ? why : 'notEligible'];
  // Where the rule's own words say when, it is not said twice.
  const at = opensAt === undefined ? undefined : minuteText(opensAt);
  const when = at === undefined || text.includes(at) ? undefined : words.opens(at);
  const lines = [text || (when ? '' : reason), when].filter(line => line !== undefined && line !== '');
  const mayWait = opensAt !== undefined && html`<p class="countdown" role="timer" data-left="${opensAt - now}"></p>`;
  const button = TO_PRIZES.includes(why)
    ? html`<a class="button" href="#mine-title">${words.seeMine}</a>`
    : why === 'halted' || why === 'paused' || why === 'later' || why === 'tooSoon'
      ? html`<button type="button" class="button" data-reload>${words.lookAgain}</button>`
      : html`<a class="button" href="#rules-title">${words.seeRules}</a>`;
  return html`<div class="notice" data-why="${why}">${icon(PICTURES[why] ?? 'box')}<h2>${title}</h2>${lines.map(line => html`<p>${line}</p>`)}${mayWait}${button}</div>`;
}

/** The page is for reading: what is won is won elsewhere. */
function noDraw(words: Words): Html {
  return html`<div class="notice" data-why="noDraw">${icon('box')}<p>${words.noDraw}</p></div>`;
}

function icon(name: keyof typeof DRAWN): Html {
  return raw(`<svg viewBox="0 0 48 48" width="64" height="64" aria-hidden="true">${DRAWN[name]}</svg>`);
}
