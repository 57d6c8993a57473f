// The dashboard (/admin): what each page says first is an answer. The entry.
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import './admin/ground.css';
import './admin/parts.css';
import './admin/pages.css';
import { Campaigns } from './admin/campaigns.tsx';
import { Doctor } from './admin/doctor.tsx';
import { Followers } from './admin/followers.tsx';
import { clockText, dayText } from './admin/format.ts';
import { Log, People } from './admin/log.tsx';
import { Merchants } from './admin/merchants.tsx';
import { Link } from './admin/parts.tsx';
import { Payouts } from './admin/payouts.tsx';
import { Rules } from './admin/rules.tsx';
import { movedTo, type Place, type Pulse, shell, tell, usePlace, usePulse, words } from './admin/state.ts';
import { Today } from './admin/today.tsx';
import { wordIn } from './shared/word.ts';

const PAGES = [
  'today',
  'campaigns',
  'payouts',
  'followers',
  'rules',
  'merchants',
  'doctor',
  'log',
  ...(shell.role === 'owner' ? (['people'] as const) : []),
] as const;
/** The first ones of a phone's bar; the rest stands behind 更多. */
const FIRST: ReadonlySet<string> = new Set(['today', 'merchants', 'payouts', 'followers']);

function App() {
  const place = usePlace();
  const pulse = usePulse();
  const [toast, setToast] = useState('');
  const moved = movedTo();
  useEffect(() => {
    document.title = `${wordIn(words.pages, place.page) ?? ''} · ${words.brand}`;
  }, [place]);
  useEffect(() => {
    if (toast === '') return undefined;
    const timer = setTimeout(() => setToast(''), 6000);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {words.skip}
      </a>
      {shell.isDemo && (
        <p class="strip demo" data-test="demo">
          {words.demo}
          {moved !== undefined && ` · ${words.movedClock(`${dayText(moved)} ${clockText(moved)}`)}`}
        </p>
      )}
      {(pulse.away || pulse.isLost) && (
        <p class="strip away" role="alert">
          {pulse.away ? words.away : words.offline}
        </p>
      )}
      <Side place={place} pulse={pulse} />
      <main id="main">
        <Page place={place} pulse={pulse} toast={setToast} />
      </main>
      <div class="toast" role="status">
        {toast && <span data-test="toast">{toast}</span>}
      </div>
    </div>
  );
}

function Side({ place, pulse }: { place: Place; pulse: Pulse }) {
  const [isMore, setMore] = useState(false);
  useEffect(() => setMore(false), [place]);
  return (
    <nav class="side" aria-label={words.brand}>
      <p class="brand">
        <i aria-hidden="true">福</i>
        {words.brand}
      </p>
      <ul>
        {PAGES.map(page => (
          <li class={FIRST.has(page) ? '' : 'later'}>
            <Link page={page} aria-current={page === place.page ? 'page' : undefined} data-test={`nav-${page}`}>
              {words.pages[page]}
              {badgeOf(page, pulse) > 0 && <b>{badgeOf(page, pulse)}</b>}
            </Link>
          </li>
        ))}
        <li class="more">
          <button type="button" aria-expanded={isMore} onClick={() => setMore(!isMore)} data-test="more">
            {words.more}
          </button>
        </li>
      </ul>
      <Rest isOpen={isMore} />
    </nav>
  );
}

/** What is behind 更多 on a phone, and below the pages elsewhere. */
function Rest({ isOpen }: { isOpen: boolean }) {
  return (
    <div class={`rest ${isOpen ? 'open' : ''}`}>
      <ul class="hidden-ones">
        {PAGES.filter(page => !FIRST.has(page)).map(page => (
          <li>
            <Link page={page}>{words.pages[page]}</Link>
          </li>
        ))}
      </ul>
      <p class="me">
        {shell.name} <small>{words.people.roles[shell.role]}</small>
      </p>
      <p class="me">
        <a href={inOtherLanguage()}>{words.other}</a>
        <button type="button" onClick={signOut}>
          {words.signOut}
        </button>
      </p>
    </div>
  );
}

/** The same page, whatever is open there. */
function inOtherLanguage(): string {
  const query = new URLSearchParams(location.search);
  query.set('lang', shell.lang === 'zh' ? 'en' : 'zh');
  return `${location.pathname}?${query}`;
}

function badgeOf(page: string, { counts, halted }: Pulse): number {
  if (page === 'payouts') return counts?.todo ?? 0;
  return page === 'merchants' ? (halted?.length ?? 0) : 0;
}

function signOut(): void {
  void tell('logout', {}).finally(() => location.assign('/admin'));
}

function Page({ place, pulse, toast }: { place: Place; pulse: Pulse; toast: (text: string) => void }) {
  switch (place.page) {
    case 'campaigns':
      return <Campaigns place={place} pulse={pulse} toast={toast} />;
    case 'payouts':
      return <Payouts place={place} pulse={pulse} toast={toast} />;
    case 'followers':
      return <Followers place={place} />;
    case 'rules':
      return <Rules place={place} pulse={pulse} toast={toast} />;
    case 'merchants':
      return <Merchants pulse={pulse} toast={toast} />;
    case 'doctor':
      return <Doctor />;
    case 'log':
      return <Log place={place} pulse={pulse} />;
    case 'people':
      return <People pulse={pulse} toast={toast} />;
    default:
      return <Today pulse={pulse} toast={toast} />;
  }
}

const root = document.getElementById('app')!;
root.textContent = ''; // what stood there while the script came
render(<App />, root);
