// What one could try: a card for each campaign, with what it promises, how it stands, and the one button that does it.

import { verdictOf } from '../inspector/decision.tsx';
import { Scan } from '../parts/icons.tsx';
import { scanScene } from '../phone/wechat-pages.tsx';
import { lastDeedOf, opensAt, playIt, type Scenario, scenariosOf, unopenedOf } from '../scenarios.ts';
import {
  act,
  jumpTo,
  keywordsOf,
  packetKey,
  personOf,
  sceneName,
  scenesOf,
  update,
  useModel,
  virtualNow,
} from '../state.ts';
import { clockText, dayText, money } from '../text/format.ts';
import { type Words, wordsOf } from '../text/zh.ts';

export function Suggestions() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const person = personOf(m);
  const scenarios = scenariosOf(m);
  if (!person) return null;
  return (
    <section class="suggestions" aria-label={words.suggestions}>
      <header class="column-head">
        <h2>{words.suggestions}</h2>
      </header>
      <ul class="scenarios">
        {scenarios.map(scenario => (
          <Card key={scenario.campaign.id} scenario={scenario} />
        ))}
      </ul>
      <Chips />
    </section>
  );
}

function Card({ scenario }: { readonly scenario: Scenario }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const { campaign, play } = scenario;
  const deed = lastDeedOf(m, campaign);
  const verdict = deed?.line && verdictOf(deed.line.decision, deed.line.reply, words.panel);
  const later = opensAt(campaign, play, virtualNow(m));
  const promise = [promiseOf(scenario, words), later !== undefined && words.scenario.opens(shortTime(later))];
  return (
    <li data-test="scenario" data-campaign={campaign.id}>
      <p class="scenario-head">
        <strong>{campaign.name}</strong>
        {verdict && (
          <em class={`tone-${verdict.tone}`} data-test="scenario-state" data-outcome={verdict.outcome}>
            {verdict.name}
          </em>
        )}
      </p>
      <small>{promise.filter(Boolean).join(' · ')}</small>
      <p class="scenario-go">
        <button type="button" class="chip" data-test="scenario-go" onClick={() => void playIt(scenario)}>
          {later === undefined
            ? goOf(scenario, words)
            : words.scenario.jumpAnd(shortTime(later), goOf(scenario, words))}
        </button>
        <Next scenario={scenario} />
      </p>
    </li>
  );
}

/** What comes next: take what was won, jump to when it is sent, use a code, look at the page. */
function Next({ scenario: { campaign, play } }: { readonly scenario: Scenario }) {
  const m = useModel();
  const words = wordsOf(m.lang).scenario;
  const deed = lastDeedOf(m, campaign);
  const packet = unopenedOf(m, deed);
  const payout = deed?.line?.payout;
  const leavesAt = payout?.state === 'planned' ? payout.nextAt : undefined;
  const { page } = campaign;
  const open = (): void => update({ opening: packet && packetKey(packet), sheet: undefined });
  return (
    <>
      {packet && (
        <button type="button" class="chip gold" data-test="scenario-take" onClick={open}>
          {words.take}
        </button>
      )}
      {leavesAt !== undefined && leavesAt > virtualNow(m) + 60_000 && (
        <button type="button" class="chip" data-test="scenario-leaves" onClick={() => void jumpTo(leavesAt + 1000)}>
          {words.leaves(shortTime(leavesAt))}
        </button>
      )}
      {play.way.kind === 'code' &&
        m.codes.map(code => (
          <button
            type="button"
            class="chip mono"
            key={code}
            data-test="scenario-code"
            onClick={() => void act({ kind: 'text', text: code })}
          >
            {code}
          </button>
        ))}
      {page && personOf(m)?.following && (
        <button
          type="button"
          class="chip"
          data-test="scenario-page"
          onClick={() => update({ web: location.origin + page, sheet: undefined })}
        >
          {words.page}
        </button>
      )}
    </>
  );
}

const shortTime = (at: number): string => `${dayText(at).slice(5)} ${clockText(at)}`;

function promiseOf({ campaign, play }: Scenario, words: Words): string {
  const worth = campaign.prizes.map(prize => prize.max).filter(max => max > 0);
  const most = Math.max(...worth);
  const least = Math.min(...campaign.prizes.flatMap(prize => (prize.max > 0 ? [prize.min] : [])));
  const amount = worth.length === 0 ? '' : least === most ? money(most) : words.scenario.upTo(money(most));
  return [amount, play.days !== undefined && words.scenario.days(play.days)].filter(Boolean).join(' · ');
}

/** What the button does, in words. */
function goOf({ play: { way, days, answers } }: Scenario, words: Words): string {
  const said = words.scenario;
  switch (way.kind) {
    case 'follow':
      return said.follow;
    case 'text':
      return answers ? said.quiz(way.text) : days === undefined ? said.say(way.text) : said.sayDays(way.text, days);
    case 'visit':
      return said.page;
    case 'scan':
      return said.scan;
    case 'pay':
      return said.pay(money(way.amount));
    case 'code':
      return said.codes;
    case 'friends':
      return said.friends(way.count);
  }
}

/** Every other word and code the rules wait for. */
function Chips() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const person = personOf(m);
  const [keywords, scenes] = [keywordsOf(m), scenesOf(m)];
  if (!person || keywords.length + scenes.length === 0) return null;
  const then = (go: () => void) => (): void => {
    update({ sheet: undefined });
    go();
  };
  return (
    <>
      {keywords.length > 0 && (
        <fieldset class="chips" aria-label={words.keywords}>
          {keywords.map(text => (
            <button
              type="button"
              class="chip"
              key={text}
              data-test="suggest-keyword"
              disabled={!person.following}
              title={person.following ? words.keywords : words.suggestionsFollow}
              onClick={then(() => void act({ kind: 'text', text }))}
            >
              {text}
            </button>
          ))}
        </fieldset>
      )}
      {scenes.length > 0 && (
        <fieldset class="chips" aria-label={words.scenes}>
          {scenes.map(scene => (
            <button
              type="button"
              class="chip scan-chip"
              key={scene}
              data-test="suggest-scene"
              data-scene={scene}
              title={`${words.scenes} ${scene}`}
              onClick={then(() => scanScene(scene, person))}
            >
              <Scan size={14} />
              {sceneName(m, scene) ?? scene}
            </button>
          ))}
        </fieldset>
      )}
      {!person.following && <p class="hint">{words.suggestionsFollow}</p>}
    </>
  );
}
