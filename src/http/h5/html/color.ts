// The campaign's colour, and what can be read on it: every pair of text and ground comes to 4.5 : 1 (WCAG AA).

type Rgb = readonly [number, number, number];

const DEFAULT_COLOR = '#d9412b';
const WHITE: Rgb = [255, 255, 255];
const DARK: Rgb = [43, 17, 8];
const AA = 4.5;
/** From here on white is what one expects on it. */
const NEARLY = 3;

type Palette = {
  readonly brand: string;
  /** Deeper, for shadows and the flap. */
  readonly deep: string;
  readonly deeper: string;
  /** Lighter, where light falls on it. */
  readonly light: string;
  /** Text on `brand`, `deep` and `light`. */
  readonly onBrand: string;
  /** The colour as text on white. */
  readonly link: string;
  /** A breath of it, as a ground for dark text. */
  readonly wash: string;
};

export function paletteOf(color = DEFAULT_COLOR): Palette {
  const brand = rgbOf(color);
  const dark = contrast(brand, WHITE) < NEARLY;
  // A ground on which the text cannot be read well enough at every shade is moved until it can.
  const ground = dark
    ? towards(brand, WHITE, each => contrast(mix(each, DARK, 0.12), DARK) >= AA)
    : towards(brand, DARK, each => contrast(each, WHITE) >= AA);
  return {
    brand: hex(ground),
    deep: hex(mix(ground, DARK, dark ? 0.08 : 0.2)),
    deeper: hex(mix(ground, DARK, dark ? 0.12 : 0.36)),
    light: hex(
      dark ? mix(ground, WHITE, 0.3) : towards(mix(ground, WHITE, 0.12), ground, each => contrast(each, WHITE) >= AA),
    ),
    onBrand: hex(dark ? DARK : WHITE),
    link: hex(towards(brand, DARK, each => contrast(each, WHITE) >= AA)),
    wash: hex(mix(brand, WHITE, 0.92)),
  };
}

/** The first step on the way at which it holds; at the end of the way it does. */
function towards(from: Rgb, to: Rgb, holds: (color: Rgb) => boolean): Rgb {
  for (let step = 0; step < 20; step++) {
    const color = mix(from, to, step / 20);
    if (holds(color)) return color;
  }
  return to;
}

export function contrastOf(a: string, b: string): number {
  return contrast(rgbOf(a), rgbOf(b));
}

function contrast(a: Rgb, b: Rgb): number {
  const [one, other] = [luminance(a), luminance(b)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function luminance(color: Rgb): number {
  const [red, green, blue] = mapped(color, part => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return mapped(a, (part, index) => Math.round(part + (b[index]! - part) * share));
}

function rgbOf(color: string): Rgb {
  return mapped([1, 3, 5], at => Number.parseInt(color.slice(at, at + 2), 16));
}

function mapped([red, green, blue]: Rgb, to: (part: number, index: number) => number): Rgb {
  return [to(red, 0), to(green, 1), to(blue, 2)];
}

function hex(color: Rgb): string {
  return `#${color.map(part => part.toString(16).padStart(2, '0')).join('')}`;
}
