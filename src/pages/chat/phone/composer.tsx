// The foot of the chat: what one types, what one sends beside words, and the account's own menu (自定义菜单).

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Account } from '../../../simulator/shared/protocol.ts';
import type { MenuButton } from '../../../simulator/shared/protocol-menu.ts';
import { useMenu } from '../parts/dialog.ts';
import { MenuLines, MenuRound, Mic, Picture, Pin, PlusRound, Scan, Yuan } from '../parts/icons.tsx';
import { act, keywordsOf, useModel } from '../state.ts';
import { wordsOf } from '../text/zh.ts';
import type { PhonePage } from './phone.tsx';

type ComposerProps = {
  readonly account: Account;
  readonly show: (page: PhonePage | undefined) => void;
};

export function Composer({ account, show }: ComposerProps) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [isMore, setMore] = useState(false);
  const [isMenu, setMenu] = useState(true);
  const hasMenu = account.menu.button.length > 0;
  useEffect(() => setMore(false), [m.me]);
  return (
    <footer class="foot">
      <Quick />
      <div class="composer">
        {hasMenu && (
          <button
            type="button"
            class="icon"
            data-test="menu-toggle"
            aria-expanded={isMenu}
            aria-label={words.menu}
            title={words.menu}
            onClick={() => setMenu(!isMenu)}
          >
            <MenuRound />
          </button>
        )}
        <TextInput onFocus={() => setMore(false)} isMore={isMore} toggleMore={() => setMore(!isMore)} />
      </div>
      {isMore && <More show={show} done={() => setMore(false)} />}
      {hasMenu && isMenu && !isMore && <Menu key={account.name} buttons={account.menu.button} show={show} />}
    </footer>
  );
}

/** Keywords within reach of the thumb, where the list beside the phone is hidden. */
function Quick() {
  const m = useModel();
  const keywords = keywordsOf(m);
  if (keywords.length === 0) return null;
  return (
    <fieldset class="quick" aria-label={wordsOf(m.lang).keywords}>
      {keywords.map(text => (
        <button
          type="button"
          class="chip"
          key={text}
          data-test="quick"
          onClick={() => void act({ kind: 'text', text })}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}

type TextInputProps = { readonly onFocus: () => void; readonly isMore: boolean; readonly toggleMore: () => void };

function TextInput({ onFocus, isMore, toggleMore }: TextInputProps) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [text, setText] = useState('');
  const said = useRef<string[]>([]);
  const place = useRef(0);
  const input = useRef<HTMLInputElement>(null);
  const send = (): void => {
    if (!text.trim()) return;
    said.current.push(text);
    place.current = said.current.length;
    setText('');
    void act({ kind: 'text', text });
  };
  const tapSend = (): void => {
    send();
    input.current?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return; // an input method is still choosing characters
    if (event.key === 'Enter') send();
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    const next = place.current + (event.key === 'ArrowUp' ? -1 : 1);
    if (next < 0 || next > said.current.length) return;
    event.preventDefault();
    place.current = next;
    setText(said.current[next] ?? '');
  };
  return (
    <>
      <input
        ref={input}
        class="words"
        data-test="composer"
        type="text"
        enterkeyhint="send"
        autocomplete="off"
        maxLength={600}
        placeholder={words.composer}
        aria-label={words.composer}
        value={text}
        onInput={event => setText(event.currentTarget.value)}
        onKeyDown={onKey}
        onFocus={onFocus}
      />
      {text.trim() ? (
        <button type="button" class="send" data-test="send" onClick={tapSend}>
          {words.send}
        </button>
      ) : (
        <button
          type="button"
          class="icon"
          data-test="more"
          aria-expanded={isMore}
          aria-label={words.more}
          title={words.more}
          onClick={toggleMore}
        >
          <PlusRound />
        </button>
      )}
    </>
  );
}

function More({ show, done }: { readonly show: ComposerProps['show']; readonly done: () => void }) {
  const words = wordsOf(useModel().lang);
  const things = [
    { name: words.image, icon: <Picture size={28} />, hook: 'send-image', go: () => void act({ kind: 'image' }) },
    { name: words.voice, icon: <Mic size={28} />, hook: 'send-voice', go: () => show({ kind: 'voice' }) },
    { name: words.location, icon: <Pin size={28} />, hook: 'send-location', go: () => show({ kind: 'place' }) },
    { name: words.scan, icon: <Scan size={28} />, hook: 'send-scan', go: () => show({ kind: 'scan' }) },
    { name: words.shop.title, icon: <Yuan size={28} />, hook: 'send-pay', go: () => show({ kind: 'shop' }) },
  ];
  return (
    <div class="more">
      {things.map(thing => (
        <button
          key={thing.hook}
          type="button"
          data-test={thing.hook}
          onClick={() => {
            done();
            thing.go();
          }}
        >
          <span class="tile">{thing.icon}</span>
          {thing.name}
        </button>
      ))}
    </div>
  );
}

type MenuProps = { readonly buttons: readonly MenuButton[]; readonly show: ComposerProps['show'] };

function Menu({ buttons, show }: MenuProps) {
  const [open, setOpen] = useState<number | undefined>();
  const box = useMenu<HTMLElement>(open !== undefined, () => setOpen(undefined));
  const tap = (button: MenuButton): void => {
    setOpen(undefined);
    tapMenu(button, show);
  };
  return (
    <nav class="menu" ref={box} aria-label={wordsOf(useModel().lang).menu}>
      {buttons.map((button, n) => {
        const isParent = (button.sub_button?.length ?? 0) > 0;
        return (
          <div class="menu-slot" key={`${n}${button.name}`}>
            <button
              type="button"
              data-test="menu-button"
              data-key={button.key}
              aria-haspopup={isParent ? 'menu' : undefined}
              aria-expanded={isParent ? open === n : undefined}
              onClick={() => (isParent ? setOpen(open === n ? undefined : n) : tap(button))}
            >
              {isParent && <MenuLines />}
              {button.name}
            </button>
            {isParent && open === n && (
              <div class="sub-menu" role="menu">
                {button.sub_button!.map(sub => (
                  <button
                    type="button"
                    role="menuitem"
                    key={sub.name}
                    data-test="menu-item"
                    data-key={sub.key}
                    onClick={() => tap(sub)}
                  >
                    {sub.name}
                  </button>
                ))}
              </div>
            )}
          </div>
        );
      })}
    </nav>
  );
}

function tapMenu(button: MenuButton, show: ComposerProps['show']): void {
  const { type = 'click', key = '', url = '' } = button;
  if (type === 'view' || type === 'miniprogram') {
    void act({ kind: 'view', url });
    show({ kind: 'web', url });
  } else if (type === 'click') void act({ kind: 'click', key });
  else if (type === 'scancode_waitmsg' || type === 'scancode_push')
    show({ kind: 'reader', key, waiting: type === 'scancode_waitmsg' });
  else void act({ kind: 'raw', fields: { MsgType: 'event', Event: type, EventKey: key } });
}
