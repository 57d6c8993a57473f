// The chat page (/simulator): be any follower of the account, and look behind every answer. The entry.
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import './chat/base.css';
import './chat/phone/phone.css';
import './chat/phone/lines.css';
import './chat/phone/pages.css';
import './chat/phone/packet.css';
import './chat/phone/envelope.css';
import './chat/inspector/panel.css';
import './chat/inspector/wire.css';
import './chat/sidebar/tools.css';
import './chat/sidebar/people.css';
import './chat/narrow.css';
import { Panel } from './chat/inspector/inspector.tsx';
import { Cross } from './chat/parts/icons.tsx';
import { Phone } from './chat/phone/phone.tsx';
import { People } from './chat/sidebar/followers.tsx';
import { Guide } from './chat/sidebar/guide.tsx';
import { HaltBanner } from './chat/sidebar/halt.tsx';
import { TopBar } from './chat/sidebar/toolbar.tsx';
import { getModel, start, update, useModel } from './chat/state.ts';
import { tagOf, wordsOf } from './chat/text/zh.ts';

function App() {
  const m = useModel();
  const words = wordsOf(m.lang);
  useEffect(() => {
    document.title = `${words.title} · hongbao-bot`;
  }, [words]);
  return (
    <div class={`page sheet-${m.sheet ?? 'none'}`}>
      <a class="skip" href="#phone">
        {words.skip}
      </a>
      <TopBar />
      {m.link === 'lost' && m.loaded && (
        <p class="lost" role="alert">
          {words.lost}
        </p>
      )}
      <aside class="left sheet">
        <People />
      </aside>
      <main class="middle" id="phone" tabIndex={-1}>
        <HaltBanner />
        <Guide isBrief />
        <Phone />
      </main>
      <aside class="right sheet" aria-label={words.details}>
        <SheetBar title={words.details} />
        <Panel />
      </aside>
      <Veil />
      <div class="toast" role="status">
        {m.toast && <span>{m.toast}</span>}
      </div>
    </div>
  );
}

/** The head of a sheet on a narrow screen. */
function SheetBar({ title }: { readonly title: string }) {
  const words = wordsOf(useModel().lang);
  return (
    <header class="sheet-bar">
      <h2>{title}</h2>
      <button type="button" class="icon" onClick={closeSheet} aria-label={words.close}>
        <Cross size={20} />
      </button>
    </header>
  );
}

const closeSheet = (): void => update({ sheet: undefined });

/** Dims what a sheet leaves uncovered; a tap or Escape closes it. */
function Veil() {
  const { sheet, lang } = useModel();
  const words = wordsOf(lang);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && sheet) closeSheet();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [sheet]);
  return <button type="button" class="veil" tabIndex={-1} aria-label={words.close} onClick={closeSheet} />;
}

start();
document.documentElement.lang = tagOf(getModel().lang);
render(<App />, document.getElementById('app')!);
