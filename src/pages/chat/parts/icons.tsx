// The page's drawings: small, one colour (the text's), without words.
import type { ComponentChildren } from 'preact';

type IconProps = { readonly size?: number };
const stroked = (children: ComponentChildren, size = 24) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.6"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    {children}
  </svg>
);

export const Back = ({ size }: IconProps) => stroked(<path d="M15 4.5 7.5 12l7.5 7.5" />, size);
export const Cross = ({ size }: IconProps) => stroked(<path d="m6 6 12 12M18 6 6 18" />, size);
export const Plus = ({ size }: IconProps) => stroked(<path d="M12 5v14M5 12h14" />, size);
export const Check = ({ size }: IconProps) => stroked(<path d="m5 12.5 4.5 4.5L19 7.5" stroke-width="2.4" />, size);
export const Miss = ({ size }: IconProps) => stroked(<path d="m7 7 10 10M17 7 7 17" stroke-width="2.4" />, size);
export const Skip = ({ size }: IconProps) => stroked(<path d="M7 12h10" stroke-width="2.4" />, size);
export const Chevron = ({ size }: IconProps) => stroked(<path d="m9 5 7 7-7 7" />, size);
export const Dots = ({ size = 24 }: IconProps) => (
  <svg width={size} height={size} viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
    <circle cx="5.5" cy="12" r="1.7" />
    <circle cx="12" cy="12" r="1.7" />
    <circle cx="18.5" cy="12" r="1.7" />
  </svg>
);
export const MenuLines = () => (
  <svg width="10" height="10" viewBox="0 0 10 10" stroke="currentColor" stroke-width="1.1" aria-hidden="true">
    <path d="M0 1.5h10M0 5h10M0 8.5h10" />
  </svg>
);
export const PlusRound = ({ size = 28 }: IconProps) =>
  stroked(
    <>
      <circle cx="12" cy="12" r="9.4" stroke-width="1.3" />
      <path d="M12 7.5v9M7.5 12h9" stroke-width="1.3" />
    </>,
    size,
  );
export const MenuRound = ({ size = 28 }: IconProps) =>
  stroked(
    <>
      <circle cx="12" cy="12" r="9.4" stroke-width="1.3" />
      <path d="M8 9.2h8M8 12h8M8 14.8h8" stroke-width="1.3" />
    </>,
    size,
  );
export const Scan = ({ size }: IconProps) =>
  stroked(
    <path d="M4 8.5V6a2 2 0 0 1 2-2h2.5M15.5 4H18a2 2 0 0 1 2 2v2.5M20 15.5V18a2 2 0 0 1-2 2h-2.5M8.5 20H6a2 2 0 0 1-2-2v-2.5M4 12h16" />,
    size,
  );
export const Picture = ({ size }: IconProps) =>
  stroked(
    <>
      <rect x="3.5" y="5" width="17" height="14" rx="2" />
      <path d="m4 16.5 4.6-4.4 3.6 3.4 3-2.7 4.8 4.2" />
      <circle cx="15.8" cy="9.2" r="1.3" />
    </>,
    size,
  );
export const Mic = ({ size }: IconProps) =>
  stroked(
    <>
      <rect x="9" y="3.5" width="6" height="11" rx="3" />
      <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
    </>,
    size,
  );
export const Pin = ({ size }: IconProps) =>
  stroked(
    <>
      <path d="M12 21s6.5-5.6 6.5-11a6.5 6.5 0 1 0-13 0c0 5.4 6.5 11 6.5 11Z" />
      <circle cx="12" cy="10" r="2.3" />
    </>,
    size,
  );
export const Waves = ({ size }: IconProps) =>
  stroked(
    <path d="M7 10.3a2.4 2.4 0 0 1 0 3.4M10 7.6a6.2 6.2 0 0 1 0 8.8M13 5a10 10 0 0 1 0 14" stroke-width="1.9" />,
    size,
  );
export const Person = ({ size }: IconProps) =>
  stroked(
    <>
      <circle cx="12" cy="8.2" r="3.7" />
      <path d="M4.8 20c.5-4 3.3-6.2 7.2-6.2s6.7 2.2 7.2 6.2" />
    </>,
    size,
  );
export const Sliders = ({ size }: IconProps) =>
  stroked(
    <>
      <path d="M4 7.5h8M18 7.5h2M4 16.5h2M12 16.5h8" />
      <circle cx="15" cy="7.5" r="2.5" />
      <circle cx="9" cy="16.5" r="2.5" />
    </>,
    size,
  );
export const Bolt = ({ size }: IconProps) => stroked(<path d="M13 3 5.5 13.5H12L11 21l7.5-10.5H12z" />, size);
export const Clock = ({ size }: IconProps) =>
  stroked(
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7.2V12l3.2 2" />
    </>,
    size,
  );
export const Copy = ({ size }: IconProps) =>
  stroked(
    <>
      <rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2" />
      <path d="M15.5 8.5V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7.5a2 2 0 0 0 2 2h2.5" />
    </>,
    size,
  );
export const Yuan = ({ size }: IconProps) =>
  stroked(
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="m8.6 7.5 3.4 4.7 3.4-4.7M12 12.2v5M9 12.6h6M9 15h6" />
    </>,
    size,
  );
export const Globe = ({ size }: IconProps) =>
  stroked(
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M3.5 12h17M12 3.5c5 5.5 5 11.5 0 17-5-5.5-5-11.5 0-17Z" />
    </>,
    size,
  );
export const Bars = ({ size }: IconProps) => stroked(<path d="M4 6h10M4 12h16M4 18h7" stroke-width="1.9" />, size);

/** Signal, Wi-Fi and battery of the status bar. */
export const StatusIcons = () => (
  <svg width="66" height="13" viewBox="0 0 66 13" fill="currentColor" aria-hidden="true">
    <rect x="0" y="8" width="3" height="4.5" rx="1" />
    <rect x="4.6" y="6" width="3" height="6.5" rx="1" />
    <rect x="9.2" y="3.5" width="3" height="9" rx="1" />
    <rect x="13.8" y="1" width="3" height="11.5" rx="1" />
    <path d="M29.5 2.3c2.4 0 4.6.9 6.2 2.5l1.1-1.1a10.3 10.3 0 0 0-14.6 0l1.1 1.1a8.8 8.8 0 0 1 6.2-2.5Zm0 3.5c1.4 0 2.7.5 3.7 1.5l1.1-1.1a6.8 6.8 0 0 0-9.6 0l1.1 1.1c1-1 2.3-1.5 3.7-1.5Zm0 3.4c-.8 0-1.5.3-2.1.9l2.1 2.1 2.1-2.1c-.6-.6-1.3-.9-2.1-.9Z" />
    <rect x="41.5" y="1" width="20.5" height="11" rx="3.2" fill="none" stroke="currentColor" stroke-opacity=".4" />
    <rect x="43" y="2.5" width="17.5" height="8" rx="1.9" />
    <path d="M63.5 4.7v3.6c.8-.3 1.3-1 1.3-1.8s-.5-1.5-1.3-1.8Z" fill-opacity=".45" />
  </svg>
);

/** A red envelope, as the page's own sign and on packet cards. */
export const Envelope = ({ size = 40 }: IconProps) => (
  <svg width={size} height={size} viewBox="0 0 40 40" aria-hidden="true">
    <rect x="6" y="2.5" width="28" height="35" rx="4" fill="#e4492f" />
    <path d="M6 6.5a4 4 0 0 1 4-4h20a4 4 0 0 1 4 4v5.3c-8.5 5.7-19.5 5.7-28 0Z" fill="#f2664a" />
    <path d="M6 11.8c8.5 5.7 19.5 5.7 28 0" fill="none" stroke="#c93a22" stroke-opacity=".35" />
    <circle cx="20" cy="16.3" r="5.3" fill="#f8d68a" />
    <path
      d="m17.7 14 2.3 2.8 2.3-2.8M17.6 17h4.8M17.6 18.9h4.8M20 16.8v3.7"
      fill="none"
      stroke="#c9402a"
      stroke-width="1"
      stroke-linecap="round"
    />
  </svg>
);

/** The same, opened: a letter looks out. */
export const EnvelopeOpen = ({ size = 40 }: IconProps) => (
  <svg width={size} height={size} viewBox="0 0 40 40" aria-hidden="true">
    <path d="M6 14 18 4.3a3.2 3.2 0 0 1 4 0L34 14Z" fill="#c94a35" />
    <rect x="10" y="7.5" width="20" height="18" rx="2" fill="#fff2d8" />
    <path d="M6 14v19.5a4 4 0 0 0 4 4h20a4 4 0 0 0 4-4V14c-8.5 7.5-19.5 7.5-28 0Z" fill="#e8745f" />
  </svg>
);
