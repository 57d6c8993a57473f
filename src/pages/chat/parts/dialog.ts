// What every dialog owes the keyboard: focus inside, Escape closes, and the focus goes back where it came from.
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const FOCUSABLE = 'button:not([disabled]), input, select, a[href], summary, [tabindex="0"]';

export function useDialog(close: () => void): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    const before = document.activeElement;
    const inside = (): HTMLElement[] => [...(box.current?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])];
    const preferred = box.current?.querySelector<HTMLElement>('[data-focus]');
    (preferred ?? inside()[0])?.focus({ preventScroll: true });
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        latest.current();
        return;
      }
      if (event.key !== 'Tab') return;
      const all = inside();
      const [first, last] = [all[0], all[all.length - 1]];
      const isOutside = !box.current?.contains(document.activeElement);
      if (
        event.shiftKey ? document.activeElement === first || isOutside : document.activeElement === last || isOutside
      ) {
        event.preventDefault();
        (event.shiftKey ? last : first)?.focus();
      }
    };
    document.addEventListener('keydown', onKey, true);
    return () => {
      document.removeEventListener('keydown', onKey, true);
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return box;
}

/** What is open beside a button closes by Escape, and by a tap anywhere else. */
export function useMenu<E extends HTMLElement>(isOpen: boolean, close: () => void): RefObject<E | null> {
  const box = useRef<E>(null);
  useEffect(() => {
    if (!isOpen) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close();
    };
    const onTap = ({ target }: Event): void => {
      if (!(target instanceof Node) || !box.current?.contains(target)) close();
    };
    document.addEventListener('pointerdown', onTap);
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('pointerdown', onTap);
      document.removeEventListener('keydown', onKey);
    };
  }, [isOpen]);
  return box;
}
