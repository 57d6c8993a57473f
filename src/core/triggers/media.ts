// Messages that are no text: pictures, voices, places.
import { t } from '../base/words/words.ts';
import { optional } from '../yaml/schema.ts';
import { triggerKind, yesOrNothing } from './trigger.ts';

export const image = triggerKind('image', {
  bare: { kind: 'image' },
  field: optional(yesOrNothing(), '发来图片'),
  written: (_: true) => ({ kind: 'image' }),
  fits: (_, event) => event.kind === 'image',
  events: ['image'],
  describe: (_, { say }) => say('发送图片', `send a picture`),
  pieces: (_, event) => [{ label: 'images', probes: [event({ kind: 'image', mediaId: '', url: '' })] }],
  example: () => () => ({ kind: 'image', mediaId: 'simulation', url: 'https://example.com/' }),
});

export const voice = triggerKind('voice', {
  bare: { kind: 'voice' },
  field: optional(yesOrNothing(), '发来语音'),
  written: (_: true) => ({ kind: 'voice' }),
  fits: (_, event) => event.kind === 'voice',
  events: ['voice'],
  describe: (_, { say }) => say('发送语音', `send a voice message`),
  pieces: (_, event) => [{ label: t`voice messages`, probes: [event({ kind: 'voice', mediaId: '' })] }],
  example: () => () => ({ kind: 'voice', mediaId: 'simulation' }),
});

export const location = triggerKind('location', {
  bare: { kind: 'location' },
  field: optional(yesOrNothing(), '发来位置'),
  written: (_: true) => ({ kind: 'location' }),
  fits: (_, event) => event.kind === 'location',
  events: ['location'],
  describe: (_, { say }) => say('发送位置', `send a location`),
  pieces: (_, event) => [
    { label: 'locations', probes: [event({ kind: 'location', latitude: 0, longitude: 0, label: '' })] },
  ],
  example: () => () => ({ kind: 'location', latitude: 0, longitude: 0, label: '' }),
});
