// What went over the wire (原始推送): every delivery of one push, the request, its clear text, and the answer.

import { useState } from 'preact/hooks';
import type { Push, Try } from '../../../simulator/shared/protocol-push.ts';

import { accountOf, useModel } from '../state.ts';
import { duration, secondsText, xmlParts } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import { Fold, Section } from './inspector.tsx';

export function RawSection({ push }: { readonly push: Push }) {
  const words = wordsOf(useModel().lang).panel;
  const [chosen, choose] = useState<number | undefined>();
  const shown = chosen ?? Math.max(0, push.tries.length - 1);
  const attempt = push.tries[shown];
  return (
    <Section id="raw" title={words.push} aside={<code class="state">{push.type}</code>}>
      <div data-test="push-raw">
        {push.tries.length === 0 && <p class="none">{words.noTry}</p>}
        <fieldset class="tries">
          {push.tries.map((each, n) => (
            <button
              type="button"
              key={n}
              class={`try ${isFine(each) ? 'ok' : 'no'}`}
              aria-pressed={n === shown}
              data-test="push-try"
              data-status={each.status}
              onClick={() => choose(n)}
            >
              <span>{words.attempt(n + 1)}</span>
              <strong>{each.status || words.noAnswer}</strong>
              <small>{duration(each.ms)}</small>
            </button>
          ))}
        </fieldset>
        {attempt?.error && <p class="problem">{attempt.error}</p>}
        {attempt && <Request attempt={attempt} />}
        <Fold title={words.clear} note={words.clearNote} open>
          <Xml text={push.json ?? push.xml} />
        </Fold>
        {attempt && <Sent attempt={attempt} />}
      </div>
    </Section>
  );
}

const isFine = (attempt: Try): boolean => attempt.status === 200 && !attempt.error;

function Request({ attempt }: { readonly attempt: Try }) {
  const m = useModel();
  const words = wordsOf(m.lang).panel;
  const [path, query = ''] = attempt.url.split('?');
  const pairs = [...new URLSearchParams(query)];
  const host = accountOf(m)?.webhook;
  return (
    <>
      <p class="request-line" title={host}>
        <code>
          <b>POST</b> {path}
        </code>
        <time>{secondsText(attempt.at)}</time>
      </p>
      {pairs.length > 0 && (
        <Fold title={words.query} note={String(pairs.length)}>
          <dl class="query">
            {pairs.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Fold>
      )}
    </>
  );
}

function Sent({ attempt }: { readonly attempt: Try }) {
  const words = wordsOf(useModel().lang).panel;
  const hasClear = attempt.clear !== undefined;
  return (
    <>
      <Fold title={words.body}>
        <Xml text={attempt.body} />
      </Fold>
      <Fold title={words.answer} note={attempt.status ? String(attempt.status) : words.noAnswer} open>
        <Xml text={attempt.clear ?? attempt.answer} />
      </Fold>
      {hasClear && (
        <Fold title={words.answerRaw}>
          <Xml text={attempt.answer} />
        </Fold>
      )}
    </>
  );
}

/** A document, one element per line; anything else as it is. */
function Xml({ text }: { readonly text: string }) {
  const words = wordsOf(useModel().lang).panel;
  if (!text) return <p class="none">{words.answerEmpty}</p>;
  if (!text.trimStart().startsWith('<xml')) return <pre class="xml">{text}</pre>;
  return (
    <pre class="xml">
      {xmlParts(text).map((part, n) =>
        part.kind === 'space' ? (
          part.text
        ) : (
          <span key={n} class={`x-${part.kind}`}>
            {part.text}
          </span>
        ),
      )}
    </pre>
  );
}
