// Above the phone: the name of the thing, the language; clock and faults stand in files of their own.

import { Cross, Envelope, Person } from '../parts/icons.tsx';
import { setLang, update, useModel } from '../state.ts';
import { wordsOf } from '../text/zh.ts';
import { ClockTools } from './clock.tsx';
import { FaultTools } from './faults.tsx';

export function TopBar() {
  const m = useModel();
  const words = wordsOf(m.lang);
  return (
    <header class="top-bar">
      <div class="brand">
        <Envelope size={30} />
        <p>
          <strong>hongbao-bot</strong>
          <small>{words.title}</small>
        </p>
      </div>
      <button type="button" class="pill people-button" onClick={() => update({ sheet: 'people' })}>
        <Person size={17} />
        {words.people}
      </button>
      <div class="tools">
        <ClockTools />
        <FaultTools />
      </div>
      <LangButton />
      <button
        type="button"
        class="icon sheet-close"
        onClick={() => update({ sheet: undefined })}
        aria-label={words.close}
      >
        <Cross size={20} />
      </button>
    </header>
  );
}

function LangButton() {
  const m = useModel();
  const words = wordsOf(m.lang);
  return (
    <button
      type="button"
      class="pill lang"
      data-test="lang"
      lang={m.lang === 'zh' ? 'en' : 'zh-CN'}
      title={words.otherLong}
      onClick={() => setLang(m.lang === 'zh' ? 'en' : 'zh')}
    >
      {words.other}
    </button>
  );
}
